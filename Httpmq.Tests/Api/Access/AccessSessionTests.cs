using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Access;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;
using Httpmq.Tests.Api.Publishing;
using Httpmq.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Httpmq.Tests.Api.Access;

/// <summary>What principals with one right each do with real streams, and that refusals do not tell what is there.</summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class AccessSessionTests
{
    private readonly string _stream = SharedServers.NewName();
    private string _yaml = null!;
    private ConfiguredCallers _callers = null!;
    private Gateway _gateway = null!;
    private HttpClient _http = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _yaml = $$"""
            auth:
              api_keys:
                - { name: publisher, sha256: "{sha256:publisher}", roles: [publisher] }
                - { name: worker, sha256: "{sha256:worker}", roles: [worker] }
                - { name: reader, sha256: "{sha256:reader}", roles: [reader] }
                - { name: ops, sha256: "{sha256:ops}", roles: [ops] }
              roles:
                publisher: { publish: { allow: ["{{_stream}}.>"] } }
                worker: { consume: { allow: ["{{_stream}}/w-*"] } }
                reader: { read: { allow: ["{{_stream}}.open.*"] } }
                ops: { admin: { allow: ["{{_stream}}*"] } }
            """;
        _callers = AccessFile.Callers(_yaml);
        _gateway = await Gateway.StartAsync(SharedServers.Nats.Url, access: _callers);
        _http = new HttpClient();
        using var client = _gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        await ExpectAsync(200, "ops", "POST", "/v1/admin/stream", $$"""{"name":"{{_stream}}","subjects":["{{_stream}}.>"]}""");
        await ExpectAsync(200, "ops", "POST", $"/v1/admin/stream/{_stream}/consumer", """{"name":"w-1","mode":"pull","max_inflight":9}""");
        await ExpectAsync(200, "ops", "POST", $"/v1/admin/stream/{_stream}/consumer", """{"name":"x-1","mode":"pull","max_inflight":9}""");
        await ExpectAsync(200, "publisher", "POST", $"/v1/data/subject/{_stream}.open.1", "aGk=");
        await ExpectAsync(200, "publisher", "POST", $"/v1/data/subject/{_stream}.secret.1", "aGk=");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _http.Dispose();
        await _gateway.DisposeAsync();
    }

    [Test]
    public async Task Read_OtherMessageAndMissingOne_AreRefusedAlike()
    {
        await ExpectAsync(200, "reader", "GET", $"/v1/data/stream/{_stream}/message/1");
        var other = await ExpectAsync(403, "reader", "GET", $"/v1/data/stream/{_stream}/message/2");
        var missing = await ExpectAsync(403, "reader", "GET", $"/v1/data/stream/{_stream}/message/9");
        var nowhere = await ExpectAsync(403, "reader", "GET", "/v1/data/stream/nowhere/message/2");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Detail(missing).Replace("message 9", "message 2"), Is.EqualTo(Detail(other)));
            Assert.That(Detail(nowhere).Replace("nowhere", _stream), Is.EqualTo(Detail(other)));
        }
    }

    [Test]
    public async Task Read_LastAndReplay_AreForPermittedSubjectsAlone()
    {
        await ExpectAsync(200, "reader", "GET", $"/v1/data/subject/{_stream}.open.1");
        await ExpectAsync(403, "reader", "GET", $"/v1/data/subject/{_stream}.secret.1");
        await ExpectAsync(403, "reader", "GET", $"/v1/data/stream/{_stream}/message");
        var replayed = await ExpectAsync(200, "reader", "GET", $"/v1/data/stream/{_stream}/message?subject={_stream}.open.*");

        Assert.That(replayed.Split('\n').Count(static line => line.Contains("b64_msg", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public async Task Worker_OfOneConsumer_SeesAndUsesItAlone()
    {
        var listed = JsonNode.Parse(await ExpectAsync(200, "worker", "GET", $"/v1/admin/stream/{_stream}/consumer"))!;
        var streams = JsonNode.Parse(await ExpectAsync(200, "worker", "GET", "/v1/admin/stream"))!;
        await ExpectAsync(200, "worker", "POST", $"/v1/data/stream/{_stream}/consumer/w-1/pull", """{"no_wait":true}""");
        await ExpectAsync(403, "worker", "POST", $"/v1/data/stream/{_stream}/consumer/x-1/pull", """{"no_wait":true}""");
        await ExpectAsync(404, "worker", "POST", $"/v1/data/stream/{_stream}/consumer/w-2/pull", """{"no_wait":true}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(listed["consumers"]!.AsObject().Select(static one => one.Key), Is.EqualTo(new[] { "w-1" }));
            Assert.That(streams["streams"]!.AsObject().Select(static one => one.Key), Is.EqualTo(new[] { _stream }));
        }
    }

    [TestCase("mirror", """{"name":"other"}""")]
    [TestCase("republish", """{"dest":"other.>"}""")]
    public async Task Ops_OfSomeStreams_DefineNothingThatReachesFurther(string field, string value)
    {
        var refused = await ExpectAsync(
            403, "ops", "POST", "/v1/admin/stream", $$"""{"name":"{{_stream}}2","{{field}}":{{value}}}""");

        Assert.That(Detail(refused), Does.StartWith($"ops may not set {field} to "));
    }

    [Test]
    public async Task Ops_OfSomeStreams_TakeNoSubjectsOfTheBroker()
    {
        var refused = await ExpectAsync(403, "ops", "PUT", $"/v1/admin/stream/{_stream}/subject", """{"subjects":["*.EVENT.>"]}""");

        Assert.That(Detail(refused), Does.StartWith("ops may not set subjects to "));
    }

    [Test]
    public async Task Ops_OfSomeStreams_AreNotToldWhichOtherTakesTheSubjects()
    {
        using var all = SharedServers.Gateway.Client();
        var other = SharedServers.NewName();
        await all.DefineStreamAsync(other, $"{other}.>");
        var hidden = await ExpectAsync(
            409, "ops", "POST", "/v1/admin/stream", $$"""{"name":"{{_stream}}2","subjects":["{{other}}.a"]}""");
        var seen = await ExpectAsync(
            409, "ops", "POST", "/v1/admin/stream", $$"""{"name":"{{_stream}}2","subjects":["{{_stream}}.a"]}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hidden, Does.Not.Contain($"{other}.>").And.Not.Contain("of stream").And.Contain("overlap"));
            Assert.That(Detail(seen), Does.Contain($"of stream {_stream}"));
        }
    }

    [Test]
    public async Task Publish_WrongLastMessageId_IsToldTheRightOneWhereAllMayBeRead()
    {
        const string Id = "the-last-one";
        var record = $$"""{"subject":"{{_stream}}.secret.1","msg":"x","headers":{"Nats-Expected-Last-Msg-Id":"none"} }""";
        using var all = SharedServers.Gateway.Client();
        using (var marked = new StringContent("eA=="))
        {
            marked.Headers.Add("Nats-Msg-Id", Id);
            Assert.That((await all.DataAsync(HttpMethod.Post, $"/v1/data/subject/{_stream}.secret.1", marked)).Success, Is.True);
        }

        using var single = new StringContent("eA==");
        single.Headers.Add("Nats-Expected-Last-Msg-Id", "none");
        using var batch = new StringContent(record);
        using var own = new StringContent("eA==");
        own.Headers.Add("X-API-Key", "publisher");
        own.Headers.Add("Nats-Expected-Last-Msg-Id", "none");
        using var ownBatch = new StringContent(record);
        ownBatch.Headers.Add("X-API-Key", "publisher");
        using var http = _gateway.Client();
        string[] told =
        [
            (await all.SendRawAsync(HttpMethod.Post, $"/v1/data/subject/{_stream}.secret.1", single)).Text,
            (await all.SendRawAsync(HttpMethod.Post, "/v1/data/publish", batch)).Text,
        ];
        string[] hidden =
        [
            (await http.SendRawAsync(HttpMethod.Post, $"/v1/data/subject/{_stream}.secret.1", own)).Text,
            (await http.SendRawAsync(HttpMethod.Post, "/v1/data/publish", ownBatch)).Text,
        ];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(told, Has.All.Contain(Id));
            Assert.That(hidden, Has.All.Contain("412").And.All.Contain("wrong last msg ID").And.All.Not.Contain(Id));
        }
    }

    [TestCase("w-1", true)]
    [TestCase("x-1", false)]
    public async Task WebSocket_OfAWorker_IsOpenedForItsConsumerAlone(string consumer, bool permitted)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("X-API-Key", "worker");
        socket.Options.CollectHttpResponseDetails = true;
        var url = new UriBuilder(new Uri(_gateway.Dataplane, $"/v1/data/stream/{_stream}/consumer/{consumer}")) { Scheme = "ws" }.Uri;
        try
        {
            await socket.ConnectAsync(url, CancellationToken.None);
        }
        catch (WebSocketException) when (!permitted)
        {
            // As it should be.
        }

        Assert.That(
            socket.HttpStatusCode, Is.EqualTo(permitted ? HttpStatusCode.SwitchingProtocols : HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task Replay_RulesOfItsReaderChange_EndsAndSaysWhy()
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(_gateway.Dataplane, $"/v1/data/stream/{_stream}/message?follow=true&subject={_stream}.open.2"));
        request.Headers.Add("X-API-Key", "reader");
        request.Headers.Add("Accept", "application/x-ndjson");
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        try
        {
            _callers.Replace(AccessFile.Read(_yaml.Replace(".open.*", ".secret.*", StringComparison.Ordinal)));
            var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

            Assert.That((string?)JsonNode.Parse(lines[^1])!["error"]!["type"], Is.EqualTo("unauthenticated"));
        }
        finally
        {
            _callers.Replace(AccessFile.Read(_yaml));
        }
    }

    [Test]
    public async Task Pull_KeyIsWithdrawnWhileItWaits_GetsNothing()
    {
        var filtered = $$"""{"name":"w-2","mode":"pull","max_inflight":9,"filter_subject":"{{_stream}}.later"}""";
        await ExpectAsync(200, "ops", "POST", $"/v1/admin/stream/{_stream}/consumer", filtered);
        var consumer = $"/v1/admin/stream/{_stream}/consumer/w-2";
        var pulling = ExpectAsync(
            401, "worker", "POST", $"/v1/data/stream/{_stream}/consumer/w-2/pull", """{"batch":1,"expires":"20s"}""");
        await Eventually.HoldsAsync(async () => Waiting(await ExpectAsync(200, "ops", "GET", consumer)) == 1, "a pull that waits");
        try
        {
            _callers.Replace(AccessFile.Read(_yaml.Replace("sha256:worker}", "sha256:another}", StringComparison.Ordinal)));
            await pulling;
        }
        finally
        {
            _callers.Replace(AccessFile.Read(_yaml));
            await ExpectAsync(200, "ops", "DELETE", consumer);
        }

        static int Waiting(string answer) => (int)JsonNode.Parse(answer)!["consumer"]!["num_waiting"]!;
    }

    [TestCase("sha256:publisher}", "sha256:another}")]
    [TestCase("name: publisher", "name: other")]
    [TestCase("publish: { allow: [", "publish: { deny: [\"*.secret.*\"], allow: [")]
    public async Task Batch_KeyIsWithdrawnOrRulesChange_RefusesEachRecordFromThenOn(string before, string after)
    {
        await using var batch = await OpenBatchAsync(_gateway);
        var record = $$"""{"subject":"{{_stream}}.secret.1","b64_msg":"aGk="}""";
        await batch.SendAsync(record);
        Assert.That((bool)(await batch.NextAsync())!["success"]!, Is.True);
        try
        {
            _callers.Replace(AccessFile.Read(_yaml.Replace(before, after, StringComparison.Ordinal)));
            for (var line = 2; line <= 3; line++)
            {
                await batch.SendAsync(record);
                var answer = (await batch.NextAsync())!;

                Assert.That(((int)answer["line"]!, (int)answer["error"]!["code"]!), Is.EqualTo((line, 401)), answer.ToJsonString());
            }

            batch.Complete();
            Assert.That(await batch.NextAsync(), Is.Null);
        }
        finally
        {
            _callers.Replace(AccessFile.Read(_yaml));
        }
    }

    [Test]
    public async Task Batch_TokenHasExpired_RefusesEachRecord()
    {
        var expired = new Caller("alice", Permissions.All) { ShownBy = "token", Expires = DateTimeOffset.UnixEpoch };
        await using var gateway = await Gateway.StartAsync(SharedServers.Nats.Url, callers: new Always(expired));
        await using var batch = await OpenBatchAsync(gateway);

        for (var line = 1; line <= 2; line++)
        {
            await batch.SendAsync($$"""{"subject":"{{_stream}}.open.1","b64_msg":"aGk="}""");
            var answer = (await batch.NextAsync())!;

            Assert.That(((int)answer["line"]!, (int)answer["error"]!["code"]!), Is.EqualTo((line, 401)), answer.ToJsonString());
            Assert.That((string)answer["error"]!["detail"]!, Does.Contain("has expired"));
        }
    }

    private async Task<OpenBatch> OpenBatchAsync(Gateway gateway)
    {
        var pipe = new Pipe();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway.Dataplane, "/v1/data/publish"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new PipeContent(pipe.Reader),
        };
        request.Headers.Add("X-API-Key", "publisher");
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new OpenBatch(response, new StreamReader(await response.Content.ReadAsStreamAsync()), pipe.Writer);
    }

    private async Task<string> ExpectAsync(int status, string key, string method, string path, string? body = null)
    {
        var api = path.StartsWith("/v1/admin", StringComparison.Ordinal) ? _gateway.Management : _gateway.Dataplane;
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(api, path))
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-API-Key", key);
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That((int)answer.StatusCode, Is.EqualTo(status), $"{key} {method} {path}: {text}");
        return text;
    }

    private static string Detail(string answer) => (string)JsonNode.Parse(answer)!["error"]!["detail"]!;

    private sealed class Always(Caller caller) : ICallerSource
    {
        public ValueTask<Identification> FindAsync(HttpContext context) => new(new Identification(caller));
    }
}
