using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.RateLimits;
using Httpmq.Tests.Api.Publishing;
using Httpmq.Tests.Api.Subscriptions;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.RateLimits;

/// <summary>What records, entries and messages of sessions take. No permit comes while a test runs, unless the limits are lifted.</summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class RecordLimitTests
{
    private const string Consumer = "workers";

    private readonly string _stream = SharedServers.NewName();
    private RateLimiter _rates = null!;
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _rates = new RateLimiter(settings: null);
        _gateway = await Gateway.StartAsync(SharedServers.Nats.Url, rates: _rates);
        _client = _gateway.Client();
        await OwnGateway.IsReadyAsync(_client);
        await _client.DefineStreamAsync(_stream, $"{_stream}.>");
        await _client.DefineConsumerAsync(_stream, Consumer, new JsonObject { ["mode"] = "pull" });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
    }

    [TearDown]
    public void LiftLimits() => _rates.Replace(null);

    [Test]
    public async Task PublishBatch_MoreRecordsThanPermits_IsSlowedDownAndLosesNone()
    {
        Limit(burst: 2);
        await using var batch = await OpenBatch.StartAsync(_client);
        for (var number = 0; number < 5; number++)
        {
            await batch.SendAsync($$"""{"subject":"{{_stream}}.a","msg":"{{number}}"}""");
        }

        await batch.SendAsync("");
        batch.Complete();
        var first = (await batch.NextAsync(), await batch.NextAsync());
        var third = batch.NextAsync();
        await IsExhaustedAsync();

        Assert.That((Line(first.Item1), Line(first.Item2), third.IsCompleted), Is.EqualTo((1, 2, false)));
        LiftLimits();
        Assert.That(
            (Line(await third), Line(await batch.NextAsync()), Line(await batch.NextAsync()), await batch.NextAsync()),
            Is.EqualTo((3, 4, 5, (JsonNode?)null)));
    }

    [TestCase("ack", """[{"stream":1,"consumer":1},{"stream":2,"consumer":2},{"stream":3,"consumer":3}]""", "acks")]
    [TestCase("settle", """{"ack":[{"stream":1,"consumer":1},{"stream":2,"consumer":2}],"nak":[{"stream":3,"consumer":3}]}""", "results")]
    public async Task Settle_MoreEntriesThanPermits_TheRestFailsAlone(string verb, string body, string list)
    {
        Limit(burst: 2);
        var answer = await DataAsync(verb, body);
        var outcomes = answer.Body[list]!.AsArray();
        var last = outcomes[^1]!;
        var error = last["error"] ?? last;

        Assert.That(answer.Success, answer.ToString());
        Assert.That(outcomes.Select(static one => (string?)(one!["error"] ?? one)["type"]).Count(static type => type is "rate-limited"),
            Is.EqualTo(1), answer.ToString());
        Assert.That(((string?)error["type"], (int?)error["code"]), Is.EqualTo(("rate-limited", 429)), answer.ToString());
        Assert.That((await DataAsync(verb, body)).Status, Is.EqualTo(System.Net.HttpStatusCode.TooManyRequests));
    }

    [Test]
    public async Task Atomic_MoreRecordsThanPermits_IsRefusedAsAWhole()
    {
        Limit(burst: 2);
        await _client.DataAsync(HttpMethod.Get, $"/v1/data/subject/{_stream}.nothing");
        var records = $$"""{"subject":"{{_stream}}.a","msg":"1"}""" + "\n" + $$"""{"subject":"{{_stream}}.a","msg":"2"}""";
        var answer = await _client.DataAsync(HttpMethod.Post, "/v1/data/publish?atomic=true", new StringContent(records));

        Assert.That(((int)answer.Status, (string?)answer.Body["error"]!["type"]), Is.EqualTo((429, "rate-limited")), $"{answer}");
    }

    [Test]
    public async Task Events_MoreThanPermits_TheRestFailsAlone()
    {
        Limit(burst: 2);
        var events = string.Join(',', Enumerable.Range(0, 3).Select(static number =>
            $$"""{"specversion":"1.0","type":"t","source":"/s","id":"{{Guid.NewGuid()}}{{number}}","data":{{number}}}"""));
        var answer = await _client.DataAsync(
            HttpMethod.Post,
            $"/v1/data/subject/{_stream}.events",
            new StringContent($"[{events}]", Encoding.UTF8, "application/cloudevents-batch+json"));
        var outcomes = answer.Body["events"]?.AsArray() ?? answer.Body["results"]!.AsArray();

        Assert.That(
            outcomes.Select(static one => (string?)one!["error"]?["type"]),
            Is.EqualTo(new[] { null, null, "rate-limited" }),
            answer.ToString());
    }

    [TestCase(TwoWay.Duplex)]
    [TestCase(TwoWay.WebSocket1)]
    [TestCase(TwoWay.WebSocket2)]
    public async Task Session_MoreEntriesThanPermits_Waits(string way)
    {
        Limit(burst: 4);
        await using var session = await TwoWay.OpenAsync(way, _gateway.Dataplane, _stream, Consumer);
        var entries = string.Join(',', Enumerable.Repeat("""{"stream":1,"consumer":1}""", 9));
        await session.SendAsync($$"""{"id":"a","ack":[{{entries}}]}""");
        var settled = session.ReadAsync("settled");
        await IsExhaustedAsync();
        Assert.That(settled.IsCompleted, Is.False);

        LiftLimits();
        Assert.That((string?)(await settled)["id"], Is.EqualTo("a"));
    }

    private void Limit(int burst) => _rates.Replace(new RateLimitSettings { PerAddress = new Rate(0.001, burst) });

    private Task<GatewayAnswer> DataAsync(string verb, string body) =>
        _client.DataAsync(HttpMethod.Post, $"/v1/data/stream/{_stream}/consumer/{Consumer}/{verb}", new StringContent(body));

    /// <summary>Waits until there is no permit; it takes those that are left.</summary>
    private Task IsExhaustedAsync() => Eventually.HoldsAsync(
        async () => (int)(await _client.DataAsync(HttpMethod.Get, $"/v1/data/subject/{_stream}.nothing")).Status == 429,
        "no permit is left");

    private static int? Line(JsonNode? outcome) => (int?)outcome?["line"];
}
