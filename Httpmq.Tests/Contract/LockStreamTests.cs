using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Contract;

/// <summary>The stream in which gateways lock definitions: nobody changes it through a gateway, and without it definitions go on.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class LockStreamTests
{
    private const string Locks = "KV_httpmq_locks";
    private const long Life = 15_000_000_000;

    private readonly List<IAsyncDisposable> _started = [];
    private GatewayClient _client = null!;
    private string _url = null!;

    [TearDown]
    public async Task StopAsync()
    {
        _client?.Dispose();
        foreach (var started in Enumerable.Reverse(_started))
        {
            await started.DisposeAsync();
        }

        _started.Clear();
    }

    [TestCase("$KV.>")]
    [TestCase("$KV.*.*")]
    [TestCase("$KV.httpmq_locks.s")]
    [TestCase("$KV.httpmq_locks.>")]
    public async Task Stream_WithItsSubjects_IsRefused(string subject)
    {
        await StartAsync();
        var subjects = new JsonObject { ["subjects"] = new JsonArray(subject) };
        var created = await _client.ManageAsync(HttpMethod.Post, "/v1/admin/stream",
            new JsonObject { ["name"] = "other", ["subjects"] = new JsonArray(subject) }.ToJsonString());
        await _client.DefineStreamAsync("s", "s.>");
        var changed = await _client.ManageAsync(HttpMethod.Put, "/v1/admin/stream/s/subject", subjects.ToJsonString());
        using (Assert.EnterMultipleScope())
        {
            foreach (var answer in new[] { created, changed })
            {
                Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.BadRequest), answer.ToString());
                Assert.That(answer.Detail, Does.Contain($"subjects: '{subject}'").And.Contain("gateway's own stream"));
            }
        }
    }

    [Test]
    public async Task Stream_OfItsName_IsNeitherDefinedNorChangedNorDeleted()
    {
        await StartAsync();
        await DefinitionsSucceedAsync();
        (HttpMethod Method, string Path, string? Body)[] requests =
        [
            (HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{Locks}}","subjects":["foo"]}"""),
            (HttpMethod.Put, $"/v1/admin/stream/{Locks}/limit", """{"max_msg_size":1}"""),
            (HttpMethod.Put, $"/v1/admin/stream/{Locks}/subject", """{"subjects":["foo"]}"""),
            (HttpMethod.Delete, $"/v1/admin/stream/{Locks}", null),
        ];
        using (Assert.EnterMultipleScope())
        {
            foreach (var (method, path, body) in requests)
            {
                var answer = await _client.ManageAsync(method, path, body);
                Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.BadRequest), $"{method} {path} {answer}");
                Assert.That(answer.Detail, Does.Contain($"'{Locks}'").And.Contain("gateway's own stream"));
            }
        }
    }

    [Test]
    public async Task Definitions_AForeignStreamHasTheSubject_GoOnAndStoreNothingInIt()
    {
        await StartAsync();
        var raw = Raw();
        await raw.CreateStreamAsync("KVX", ["$KV.>"]);
        await DefinitionsSucceedAsync();
        Assert.That(await raw.MessagesAsync("KVX"), Is.Zero);
    }

    [TestCase("foo", "max_msgs", -1, Description = "another stream of the name")]
    [TestCase("$KV.httpmq_locks.>", "max_msg_size", 1)]
    [TestCase("$KV.httpmq_locks.>", "max_msgs", 1)]
    [TestCase("$KV.httpmq_locks.>", "max_age", 0)]
    [TestCase("$KV.httpmq_locks.>", "deny_delete", 1, Description = "as a key-value bucket of the name")]
    public async Task Definitions_SomebodyElseMadeTheStream_GoOn(string subject, string field, long value)
    {
        await StartAsync();
        var more = new JsonObject
        {
            ["max_age"] = Life,
            ["duplicate_window"] = Life,
            [field] = field.StartsWith("deny", StringComparison.Ordinal) ? value == 1 : value,
        };
        await Raw().CreateStreamAsync(Locks, [subject], more);
        await DefinitionsSucceedAsync();
    }

    [Test]
    public async Task Definitions_SomebodyElseChangedTheStreamMeanwhile_GoOn()
    {
        await StartAsync();
        await DefinitionsSucceedAsync();
        var raw = Raw();
        var config = await raw.StreamConfigAsync(Locks);
        config["max_msg_size"] = 1;
        await raw.CallAsync($"STREAM.UPDATE.{Locks}", config);
        await DefinitionsSucceedAsync();
    }

    [Test]
    public async Task Definitions_SomebodyListensToEverything_GoOn()
    {
        await StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = _url });
        await using var listener = await nats.SubscribeCoreAsync<string>(">");
        await nats.PingAsync();
        await DefinitionsSucceedAsync();
    }

    [Test]
    public async Task Definitions_SomebodyElseAnswers_GoOn()
    {
        await StartAsync();
        await Raw().CreateStreamAsync(
            Locks, ["$KV.httpmq_locks.>"], new JsonObject { ["max_age"] = Life, ["duplicate_window"] = Life, ["no_ack"] = true });
        await using var nats = new NatsConnection(new NatsOpts { Url = _url });
        await using var listener = await nats.SubscribeCoreAsync<string>("$KV.httpmq_locks.>");
        await nats.PingAsync();
        await DefinitionsSucceedAsync();
    }

    [TestCase("$KV.httpmq_locks.>")]
    [TestCase("$JS.API.STREAM.CREATE.KV_httpmq_locks")]
    [TestCase("$JS.API.STREAM.MSG.DELETE.KV_httpmq_locks")]
    public async Task Definitions_WithoutPermissionForLocks_GoOn(string denied)
    {
        await StartAsync(denied);
        await DefinitionsSucceedAsync();
    }

    [Test]
    public async Task Publish_WithoutPermission_IsRefusedAtOnce()
    {
        await StartAsync("s.denied.*");
        await _client.DefineStreamAsync("s", "s.>");
        var start = Stopwatch.GetTimestamp();
        foreach (var subject in new[] { "s.denied.x", "s.denied.a\"b\\c", "s.denied.ü" })
        {
            var answer = await _client.TryPublishAsync(Uri.EscapeDataString(subject), [1]);
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.Conflict), answer.ToString());
            Assert.That(answer.Detail,
                Does.Contain($"does not permit the gateway's NATS user to publish to {subject}").And.Contain("nothing was stored"));
        }

        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(3)));
        await _client.PublishAsync("s.permitted", "message");
        Assert.That((ulong)(await _client.StreamAsync("s"))["state"]!["messages"]!, Is.EqualTo(1));
    }

    private async Task DefinitionsSucceedAsync()
    {
        var name = SharedServers.NewName();
        (HttpMethod Method, string Path, string Body)[] requests =
        [
            (HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{name}}","subjects":["{{name}}.>"]}"""),
            (HttpMethod.Put, $"/v1/admin/stream/{name}/limit", """{"max_msgs":5}"""),
            (HttpMethod.Put, $"/v1/admin/stream/{name}/limit", """{"max_msgs":6}"""),
            (HttpMethod.Put, $"/v1/admin/stream/{name}/subject", $$"""{"subjects":["{{name}}.a"]}"""),
            (HttpMethod.Post, $"/v1/admin/stream/{name}/consumer", """{"name":"c","mode":"pull","max_inflight":9}"""),
        ];
        foreach (var (method, path, body) in requests)
        {
            var start = Stopwatch.GetTimestamp();
            var answer = await _client.ManageAsync(method, path, body);
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), $"{method} {path}: {answer}");
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(3.5)), $"{method} {path}");
        }
    }

    private RawJetStream Raw()
    {
        var raw = new RawJetStream(_url);
        _started.Add(raw);
        return raw;
    }

    /// <summary>A server, and a gateway whose user may not publish to what is denied.</summary>
    private async Task StartAsync(string? denied = null)
    {
        NatsServer nats;
        if (denied is null)
        {
            nats = await ServerUnderTest.StartAsync();
            _url = nats.Url;
        }
        else
        {
            var file = Path.GetTempFileName();
            await File.WriteAllTextAsync(
                file, $$"""authorization { users = [ { user: a, password: b, permissions: { publish: { deny: ["{{denied}}"] } } } ] }""");
            nats = await ServerUnderTest.StartAsync("-c", file);
            File.Delete(file);
            _url = nats.Url.Replace("nats://", "nats://a:b@", StringComparison.Ordinal);
        }

        _started.Add(nats);
        await StartGatewayAsync(_url);
    }

    private async Task StartGatewayAsync(string url)
    {
        var gateway = await Gateway.StartAsync(url);
        _started.Add(gateway);
        _client = gateway.Client();
        await Eventually.HoldsAsync(
            async () => (await _client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success
                && (await _client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success,
            "a gateway that is ready",
            TimeSpan.FromSeconds(40));
    }
}
