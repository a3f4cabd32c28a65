using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>What a subscriber may ask for: a framing by its name, an encoding, signs of life, acknowledgements.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class AcceptTests(string version) : SubscriptionTest(version)
{
    private StreamReader? _reader;

    [TearDown]
    public void Close() => _reader?.Dispose();

    [TestCase("application/x-ndjson")]
    [TestCase("application/jsonl")]
    [TestCase("application/json-seq")]
    public async Task Subscribe_ObjectsByName_SaysOpenDeliversKeepsAliveAndSaysWhyItEnds(string accept)
    {
        await DefineAsync();
        using var response = await OpenAsync(accept, "encoding=json&heartbeat=1s");
        AssertHeaders(response, accept);

        var open = await ObjectAsync();
        await First.PublishAsync(Stream, """{"total": 7}""");
        var delivery = await ObjectAsync();
        var alive = await ObjectAsync();
        await First.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{Stream}/consumer/c1");
        var end = await ObjectAsync();
        while (end["event"] is not null)
        {
            end = await ObjectAsync();
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((string)open["event"]!, (string)open["stream"]!, (string)open["consumer"]!), Is.EqualTo(("open", Stream, "c1")));
            Assert.That(open.AsObject(), Does.Not.ContainKey("last_sequence"), "a consumer's place is not the client's to say");
            Assert.That((int)delivery["json"]!["total"]!, Is.EqualTo(7));
            Assert.That((string)delivery["token"]!, Is.Not.Empty);
            Assert.That((string)alive["event"]!, Is.EqualTo("keepalive"));
            Assert.That((string)alive["time"]!, Does.EndWith("Z"));
            Assert.That((string)end["error"]!["type"]!, Is.EqualTo("consumer-deleted"));
            Assert.That(await _reader!.ReadLineAsync(), Is.Null);
        }

        async Task<JsonNode> ObjectAsync() => JsonNode.Parse((await LineAsync()).TrimStart('\u001e'))!;
    }

    [Test]
    public async Task Subscribe_ServerSentEvents_AreWhatAnEventSourceReads()
    {
        await DefineAsync();
        using var response = await OpenAsync("text/event-stream", "encoding=utf8&heartbeat=1s");
        AssertHeaders(response, "text/event-stream");

        Assert.That(await EventAsync(), Is.EqualTo(new[] { "retry: 2000" }));
        await First.PublishAsync(Stream, "line 1\nline 2");
        var delivery = await EventAsync();
        Assert.That(delivery[0], Is.EqualTo("event: message"));
        Assert.That((string)JsonNode.Parse(delivery[1]["data: ".Length..])!["msg"]!, Is.EqualTo("line 1\nline 2"));
        Assert.That(await EventAsync(), Is.EqualTo(new[] { ": hb" }));
        await First.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{Stream}/consumer/c1");
        var end = await EventAsync();
        while (end is [": hb"])
        {
            end = await EventAsync();
        }

        Assert.That(end[0], Is.EqualTo("event: end"));
        Assert.That((int)JsonNode.Parse(end[1]["data: ".Length..])!["error"]!["code"]!, Is.EqualTo(404));
        Assert.That(await _reader!.ReadLineAsync(), Is.Null);

        async Task<string[]> EventAsync()
        {
            var lines = new List<string>();
            while (await LineAsync() is { Length: > 0 } line)
            {
                lines.Add(line);
            }

            return [.. lines];
        }
    }

    /// <summary>Only v1's lines repeat what the subscription named.</summary>
    [TestCase("application/x-ndjson")]
    [TestCase("application/json-seq")]
    [TestCase("text/event-stream")]
    public async Task Subscribe_SubjectNameInAFramingByName_SaysTheMessagesOwnSubject(string accept)
    {
        await First.DefineStreamAsync(Stream, $"{Stream}.*");
        await First.DefineConsumerAsync(Stream, "c1");
        await First.PublishAsync($"{Stream}.a", "one");
        using var response = await OpenAsync(accept, $"subject_name={Stream}.*");

        var line = await LineAsync();
        while (!line.Contains("b64_msg", StringComparison.Ordinal))
        {
            line = await LineAsync();
        }

        var delivery = JsonNode.Parse(line[line.IndexOf('{', StringComparison.Ordinal)..])!;
        Assert.That(
            ((string)delivery["subject"]!, (string)delivery["message_subject"]!), Is.EqualTo(($"{Stream}.a", $"{Stream}.a")));
    }

    [Test]
    public async Task Subscribe_AutomaticAcknowledgement_LeavesNothingToAcknowledge()
    {
        await DefineAsync();
        for (var message = 0; message < 100; message++)
        {
            await First.PublishAsync(Stream, $"{message}");
        }

        using var response = await OpenAsync("application/x-ndjson", "ack=auto");
        await LineAsync();
        for (var message = 0; message < 100; message++)
        {
            Assert.That((int)JsonNode.Parse(await LineAsync())!["sequence"]!["stream"]!, Is.EqualTo(message + 1));
        }

        await Eventually.HoldsAsync(
            async () =>
            {
                var answer = await First.ManageAsync(HttpMethod.Get, $"/v1/admin/stream/{Stream}/consumer/c1");
                return (int)answer.Body["consumer"]!["ack_floor"]!["stream_seq"]! == 100;
            },
            "100 acknowledgements");
    }

    /// <summary>The gateway acknowledges one by one.</summary>
    [TestCase("all")]
    [TestCase("none")]
    public async Task Subscribe_AutomaticAcknowledgementOfAnotherPolicy_IsRefused(string policy)
    {
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", new JsonObject { ["mode"] = "pull", ["ack_policy"] = policy });

        using var refused = await SendAsync("application/jsonl", "ack=auto");
        Assert.That((int)refused.StatusCode, Is.EqualTo(409));

        var error = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)error["type"]!, Is.EqualTo("ack-policy-not-explicit"));
            Assert.That((string)error["detail"]!, Does.Contain($"ack policy '{policy}'"));
        }
    }

    [TestCase("encoding=hex", "encoding", "hex")]
    [TestCase("encoding=", "encoding", "")]
    [TestCase("encoding=utf8&encoding=utf8", "encoding", "2 times")]
    [TestCase("heartbeat=0", "heartbeat", "0")]
    [TestCase("heartbeat=15", "heartbeat", "for 15 seconds write 15s")]
    [TestCase("heartbeat=3600000000001", "heartbeat", "is not from 1s to 1h")]
    [TestCase("heartbeat=99999999999999999999", "heartbeat", "without a unit")]
    [TestCase("heartbeat=999ms", "heartbeat", "999ms")]
    [TestCase("heartbeat=2h", "heartbeat", "2h")]
    [TestCase("heartbeat=-1s", "heartbeat", "-1s")]
    [TestCase("ack=manual", "ack", "manual")]
    [TestCase("credit=5", "credit", "WebSocket")]
    public async Task Subscribe_ValueThatIsNone_IsRefusedByName(string query, string field, string value)
    {
        await DefineAsync();
        using var response = await SendAsync("application/jsonl", query);

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(400));
            Assert.That((string)error["detail"]!, Does.Contain(field).And.Contain(value));
        }
    }

    [Test]
    public async Task Subscribe_HeartbeatInNanoseconds_IsTaken()
    {
        await DefineAsync();
        using var response = await OpenAsync("application/x-ndjson", "heartbeat=1000000000");
        await LineAsync();

        Assert.That((string)JsonNode.Parse(await LineAsync())!["event"]!, Is.EqualTo("keepalive"));
    }

    [Test]
    public async Task Subscribe_HeartbeatInLinesThatHaveNone_IsRefused()
    {
        await DefineAsync();
        using var response = await SendAsync("*/*", "heartbeat=15s");

        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain("application/x-ndjson"));
    }

    private async Task DefineAsync()
    {
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", new JsonObject { ["max_inflight"] = 100 });
    }

    private static void AssertHeaders(HttpResponseMessage response, string contentType)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo(contentType));
            Assert.That(response.Headers.CacheControl!.ToString(), Is.EqualTo("no-store"));
            Assert.That(response.Headers.GetValues("X-Accel-Buffering"), Is.EqualTo(["no"]));
            Assert.That(response.Headers.GetValues("Incremental"), Is.EqualTo(["?1"]));
            Assert.That(response.Headers.Vary, Is.EqualTo(["Accept"]));
        }
    }

    private async Task<string> LineAsync() =>
        await _reader!.ReadLineAsync().WaitAsync(Eventually.TimeLimit) ?? throw new AssertionException("the answer ended");

    private async Task<HttpResponseMessage> OpenAsync(string accept, string query)
    {
        var response = await SendAsync(accept, query);
        _reader = new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8);
        return response;
    }

    private async Task<HttpResponseMessage> SendAsync(string accept, string query)
    {
        using var http = new HttpClient(new SocketsHttpHandler(), disposeHandler: false);
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(Instances.First.Dataplane, $"/v1/data/stream/{Stream}/consumer/c1?{query}"));
        request.Version = Version;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
