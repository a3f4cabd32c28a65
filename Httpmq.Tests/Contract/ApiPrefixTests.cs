using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>JetStream's API under another prefix, as of a domain.</summary>
[Category(ServerUnderTest.Category)]
[Parallelizable]
internal sealed class ApiPrefixTests
{
    private string _configuration = null!;
    private NatsServer _nats = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _configuration = Path.GetTempFileName();
        await File.WriteAllTextAsync(_configuration, "jetstream { domain: hub }");
        _nats = await ServerUnderTest.StartAsync("-c", _configuration);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _nats.DisposeAsync();
        File.Delete(_configuration);
    }

    [Test]
    public async Task Gateway_WithThePrefixOfTheDomain_Works()
    {
        await using var gateway = await Gateway.StartAsync(
            _nats.Url, configureNats: static nats => nats with { ApiPrefix = "$JS.hub.API" });
        using var client = gateway.Client();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success && (await ReadyAsync(client)).Success, "ready");
        await client.DefineStreamAsync("s", "s");
        await client.DefineConsumerAsync("s", "c", new JsonObject { ["mode"] = "pull" });
        await client.PublishAsync("s", "one");

        await using var subscription = await client.SubscribeAsync("s", "c", "subject_name=s");
        await client.AckAsync("s", "c", await subscription.NextAsync());

        Assert.That((ulong)(await client.ConsumerAsync("s", "c"))["ack_floor"]!["stream_seq"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task Gateway_WithThePrefixOfNoDomain_IsNotReady()
    {
        await using var gateway = await Gateway.StartAsync(
            _nats.Url, configureNats: static nats => nats with { ApiPrefix = "$JS.nowhere.API" });
        using var client = gateway.Client();
        GatewayAnswer? answer = null;
        await Eventually.HoldsAsync(
            async () => (answer = await ReadyAsync(client)).Detail.Contains("JetStream does not answer", StringComparison.Ordinal),
            () => $"not ready; last: {answer}");

        Assert.That(answer!.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
    }

    [TestCase("Domain", "hub", true)]
    [TestCase("ApiPrefix", "$JS.hub.API", true)]
    [TestCase("ApiPrefix", "$JS.API", true)]
    [TestCase("Domain", "nowhere", false)]
    public async Task Process_WithTheKey_AsksThere(string key, string value, bool works)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { [$"Httpmq__Nats__Jetstream__{key}"] = value };
        await using var gateway = new GatewayProcess(HttpmqChild.Program, "management", _nats.Url, settings);
        gateway.Start();
        using var http = new HttpClient();
        await Eventually.HoldsAsync(() => gateway.Output.Contains("management", StringComparison.Ordinal), "the ready block");

        // The ready block does not wait for NATS as long as a busy machine may take.
        var last = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                using var answer = await http.GetAsync(new Uri(gateway.Address, "/v1/admin/stream"));
                last = $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
                return answer.StatusCode == (works ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable);
            },
            () => $"the answer of {key} {value}; last: {last}");
    }

    private static Task<GatewayAnswer> ReadyAsync(GatewayClient client) => client.ManageAsync(HttpMethod.Get, "/v1/admin/ready");
}
