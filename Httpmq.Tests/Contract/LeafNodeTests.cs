using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>
/// A JetStream that is not the connected server's own: that of the hub behind a leaf node with a domain of its own, and that of another
/// account. Between domains leaf nodes keep back more than the API.
/// </summary>
[Category(ServerUnderTest.Category)]
[Parallelizable]
internal sealed class LeafNodeTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-leaf-").FullName;
    private NatsServer _hub = null!;
    private NatsServer _leaf = null!;
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var port = Ports.Free();
        _hub = await StartAsync("hub", $$"""
            server_name: hub
            jetstream { domain: hub }
            leafnodes { listen: "127.0.0.1:{{port}}" }
            """);
        _leaf = await StartAsync("leaf", $$"""
            server_name: leaf
            jetstream { domain: leaf }
            leafnodes { remotes: [{ url: "nats://127.0.0.1:{{port}}" }] }
            """);
        _gateway = await Gateway.StartAsync(_leaf.Url, configureNats: static nats => nats with { ApiPrefix = "$JS.hub.API" });
        _client = _gateway.Client();
        await WaitUntilReadyAsync(_client);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
        await _leaf.DisposeAsync();
        await _hub.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Gateway_OfTheHubsDomainAtALeaf_DefinesDeliversAndSettles()
    {
        await _client.DefineStreamAsync("s", "s");
        await _client.DefineConsumerAsync("s", "c");
        await _client.PublishAsync("s", "one");
        await using (var subscription = await _client.SubscribeAsync("s", "c", "subject_name=s"))
        {
            await _client.AckAsync("s", "c", await subscription.NextAsync());
        }

        Assert.That((ulong)(await _client.ConsumerAsync("s", "c"))["ack_floor"]!["stream_seq"]!, Is.EqualTo(1));
    }

    /// <summary>A gateway here and one at the hub change one stream at the same moment, and neither undoes the other.</summary>
    [Test]
    public async Task Definitions_ByGatewaysOnBothSides_ShareTheirLocks()
    {
        await using var other = await Gateway.StartAsync(_hub.Url);
        using var there = other.Client();
        await WaitUntilReadyAsync(there);
        await _client.DefineStreamAsync("both", "both.a");
        for (var round = 1; round <= 10; round++)
        {
            var limit = _client.ManageAsync(HttpMethod.Put, "/v1/admin/stream/both/limit", $$"""{"max_msgs":{{round}}}""");
            var subjects = there.ManageAsync(
                HttpMethod.Put, "/v1/admin/stream/both/subject", $$"""{"subjects":["both.{{round}}"]}""");
            GatewayClient.Succeed(await limit);
            GatewayClient.Succeed(await subjects);
            var config = (await there.StreamAsync("both"))["config"]!;

            Assert.That(
                ((int)config["max_msgs"]!, config["subjects"]!.ToJsonString()), Is.EqualTo((round, $"""["both.{round}"]""")), $"{round}");
        }
    }

    /// <summary>Nobody may import more of an account than the API: its locks cannot be reached then, and definitions go on.</summary>
    [Test]
    public async Task Definitions_OfAnotherAccountsStreams_DoWithoutItsLocks()
    {
        await using var server = await StartAsync("accounts", """
            accounts {
              A: {
                jetstream: enabled
                users: [{ user: a, password: a }]
                exports: [{ service: "$JS.API.>", response_type: stream }]
              }
              B: {
                users: [{ user: b, password: b }]
                imports: [{ service: { account: A, subject: "$JS.API.>" }, to: "JS.A.API.>" }]
              }
            }
            """);
        var address = new UriBuilder(server.Url) { UserName = "b", Password = "b" }.Uri.ToString();
        await using var gateway = await Gateway.StartAsync(address, configureNats: static nats => nats with { ApiPrefix = "JS.A.API" });
        using var client = gateway.Client();
        await WaitUntilReadyAsync(client);

        await client.DefineStreamAsync("imported", "imported");
        await client.DefineStreamAsync("another", "another");
        GatewayClient.Succeed(await client.ManageAsync(HttpMethod.Delete, "/v1/admin/stream/imported"));
    }

    private async Task<NatsServer> StartAsync(string name, string configuration)
    {
        var file = Path.Combine(_folder, $"{name}.conf");
        await File.WriteAllTextAsync(file, configuration);
        return await ServerUnderTest.StartAsync("-c", file);
    }

    private static Task WaitUntilReadyAsync(GatewayClient client) => Eventually.HoldsAsync(
        async () => (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success
            && (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success,
        "ready");
}
