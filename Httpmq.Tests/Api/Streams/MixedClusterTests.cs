using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Streams;

/// <summary>
/// A cluster of 2.9, 2.10 and 2.15: which of them keeps a stream or a consumer is JetStream's choice, and an old one ignores what it does
/// not know. What was taken is there, whichever gateway is asked; what was not is 501, and nothing of it stays.
/// </summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
[Parallelizable]
internal sealed class MixedClusterTests
{
    // JetStream chooses at random, and each round begins with another gateway, so that each is asked for everything.
    private const int Rounds = 6;

    private readonly List<Gateway> _gateways = [];
    private readonly List<GatewayClient> _clients = [];
    private NatsCluster _cluster = null!;
    private int _asked;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await ServerUnderTest.StartMixedClusterAsync();
        foreach (var node in _cluster.Nodes)
        {
            var gateway = await Gateway.StartAsync(node.Url);
            _gateways.Add(gateway);
            _clients.Add(gateway.Client());
            await OwnGateway.IsReadyAsync(_clients[^1]);
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _clients.ForEach(static client => client.Dispose());
        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }

        await _cluster.DisposeAsync();
    }

    [TestCase("allow_msg_ttl", "true")]
    [TestCase("allow_atomic", "true")]
    [TestCase("allow_msg_counter", "true")]
    [TestCase("allow_msg_schedules", "true")]
    [TestCase("compression", "\"s2\"")]
    [TestCase("metadata", """{"team":"a"}""")]
    public async Task Stream_WithAFieldThatNotEveryNodeHas_IsThereOr501(string field, string value)
    {
        for (var round = 0; round < Rounds; round++)
        {
            _asked = round;
            var stream = SharedServers.NewName();
            var path = $"/v1/admin/stream/{stream}";

            var defined = await AskAsync(
                HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{stream}}","storage":"memory","{{field}}":{{value}}}""");

            if (await IsKeptAsync(defined, path, "stream", field))
            {
                continue;
            }

            await IsAsync(path, HttpStatusCode.NotFound);
            Ok(await AskAsync(HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{stream}}","storage":"memory"}"""));
            var before = (await IsAsync(path, HttpStatusCode.OK)).Body["stream"]!["config"]!;
            if (field is "allow_msg_counter")
            {
                continue; // nobody takes it in a change
            }

            var replaced = await AskAsync(HttpMethod.Put, path, $$"""{"storage":"memory","max_msgs":9,"{{field}}":{{value}}}""");

            if (!await IsKeptAsync(replaced, path, "stream", field))
            {
                var now = (await IsAsync(path, HttpStatusCode.OK)).Body["stream"]!["config"]!;
                AssertSame(now, before, replaced);
            }
        }
    }

    [TestCase("filter_subjects", """["{s}.a","{s}.b"]""")]
    [TestCase("metadata", """{"team":"a"}""")]
    [TestCase("pause_until", "\"2099-01-15T09:30:00Z\"")]
    [TestCase("priority_groups", """["g"],"priority_policy":"overflow" """)]
    public async Task Consumer_WithAFieldThatNotEveryNodeHas_IsThereOr501(string field, string value)
    {
        for (var round = 0; round < Rounds; round++)
        {
            _asked = round;
            var stream = await StreamAsync();
            var consumers = $"/v1/admin/stream/{stream}/consumer";
            var named = $"\"{field}\":{value.Replace("{s}", stream, StringComparison.Ordinal)}";

            var defined = await AskAsync(HttpMethod.Post, consumers, $$"""{"name":"c","mode":"pull","max_inflight":1,{{named}}}""");

            if (await IsKeptAsync(defined, $"{consumers}/c", "consumer", field))
            {
                continue;
            }

            await IsAsync($"{consumers}/c", HttpStatusCode.NotFound);
            Ok(await AskAsync(HttpMethod.Post, consumers, """{"name":"c","mode":"pull","max_inflight":7}"""));
            var before = (await IsAsync($"{consumers}/c", HttpStatusCode.OK)).Body["consumer"]!["config"]!;

            var replaced = await AskAsync(HttpMethod.Put, $"{consumers}/c", $$"""{"max_inflight":7,{{named}}}""");

            if (!await IsKeptAsync(replaced, $"{consumers}/c", "consumer", field))
            {
                var now = (await IsAsync($"{consumers}/c", HttpStatusCode.OK)).Body["consumer"]!["config"]!;
                AssertSame(now, before, replaced);
            }
        }
    }

    [Test]
    public async Task Pause_OfAConsumerWhereverItIs_HoldsOrIs501()
    {
        for (var round = 0; round < Rounds; round++)
        {
            _asked = round;
            var consumers = $"/v1/admin/stream/{await StreamAsync()}/consumer";
            Ok(await AskAsync(HttpMethod.Post, consumers, """{"name":"c","mode":"pull","max_inflight":1}"""));

            var paused = await AskAsync(HttpMethod.Post, $"{consumers}/c/pause", """{"until":"2099-01-15T09:30:00Z"}""");

            await IsKeptAsync(paused, $"{consumers}/c", "consumer", "pause_until");
        }
    }

    private async Task<string> StreamAsync()
    {
        var stream = SharedServers.NewName();
        Ok(await AskAsync(
            HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{stream}}","subjects":["{{stream}}.*"],"storage":"memory"}"""));
        return stream;
    }

    /// <summary>Whether it was taken; then every gateway shows it. Else it is 501.</summary>
    private async Task<bool> IsKeptAsync(GatewayAnswer answer, string path, string what, string field)
    {
        if (answer.Status is HttpStatusCode.NotImplemented)
        {
            Assert.That(answer.Detail, Does.Contain(" needs nats-server 2.1").And.EndsWith("; nothing was changed"));
            return false;
        }

        Ok(answer);
        Assert.That(answer.Body["warnings"], Is.Null, $"{answer}");
        for (var gateway = 0; gateway < _clients.Count; gateway++)
        {
            var shown = await IsAsync(path, HttpStatusCode.OK);
            Assert.That(shown.Body[what]!["config"]![field], Is.Not.Null, $"{shown}");
        }

        return true;
    }

    private async Task<GatewayAnswer> IsAsync(string path, HttpStatusCode status)
    {
        GatewayAnswer? answer = null;
        await Eventually.HoldsAsync(
            async () => (answer = await AskAsync(HttpMethod.Get, path)).Status == status, $"{status} of {path}; the last was {answer}");
        return answer!;
    }

    /// <summary>
    /// Asks each gateway in turn. A cluster that is young may have no leader for a moment, and a node may not have heard yet of what
    /// another one has just made.
    /// </summary>
    private async Task<GatewayAnswer> AskAsync(HttpMethod method, string path, string? body = null)
    {
        GatewayAnswer? answer = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                answer = await _clients[_asked++ % _clients.Count].ManageAsync(method, path, body);
                return answer.Status is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
                    && (answer.Status is not HttpStatusCode.NotFound || method == HttpMethod.Get);
            },
            $"an answer to {method} {path}",
            TimeSpan.FromSeconds(30));
        return answer!;
    }

    /// <summary>All but the metadata, in which each node says its own version.</summary>
    private static void AssertSame(JsonNode now, JsonNode before, GatewayAnswer answer)
    {
        now.AsObject().Remove("metadata");
        before.AsObject().Remove("metadata");
        Assert.That(JsonNode.DeepEquals(now, before), Is.True, $"{answer}");
    }

    private static void Ok(GatewayAnswer answer) => Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), $"{answer}");
}
