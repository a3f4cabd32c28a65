using System.Text.Json.Nodes;
using Httpmq.Domain.Messages;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Reading;

/// <summary>Replays: which messages they have, in which order, and how they go on.</summary>
internal sealed class ReplayTests() : ContractTest("2.0")
{
    private string _stream = null!;

    private string Path => $"/v1/data/stream/{_stream}/message";

    [SetUp]
    public Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        return Client.DefineStreamAsync(_stream, $"{_stream}.>");
    }

    [Test]
    public async Task Replay_All_AreTheLinesOfV1InOrderAndNothingElse()
    {
        await PublishAsync("a:1", "b:2", "a:3");

        var answer = await DataAsync("GET", Path);

        var lines = Lines(answer);
        Assert.That(lines.Select(Describe), Is.EqualTo(new[] { "1 1 a:1", "2 2 b:2", "3 3 a:3" }));
        Assert.That(lines[0].AsObject().Select(static member => member.Key), Is.EqualTo(new[]
        {
            "success", "request_id", "stream", "subject", "consumer", "sequence", "b64_msg", "message_subject", "time",
        }));
        Assert.That(answer.Header("Content-Type"), Is.EqualTo("text/event-stream"));
    }

    [TestCase("from_seq=3", "3 4 5")]
    [TestCase("from_seq=6", "")]
    [TestCase("last", "5")]
    [TestCase("last=true&subject=STREAM.a", "4")]
    [TestCase("last_per_subject", "3 4 5")]
    [TestCase("last_per_subject&limit=2", "3 4")]
    [TestCase("last_per_subject&subject=STREAM.a&subject=STREAM.*", "3 4 5")]
    [TestCase("last_per_subject&subject=STREAM.b", "3")]
    [TestCase("last_per_subject&subject=STREAM.x", "")]
    [TestCase("limit=2", "1 2")]
    [TestCase("subject=STREAM.a", "2 4")]
    [TestCase("subject=STREAM.a&subject=STREAM.c", "2 4 5")]
    [TestCase("subject=STREAM.*&from_seq=2&limit=3", "2 3 4")]
    [TestCase("from_time=2000-01-01T00:00:00Z", "1 2 3 4 5")]
    [TestCase("from_time=2999-01-01T00:00:00Z", "")]
    [TestCase("new&follow=false", "")]
    public async Task Replay_Choice_HasThose(string query, string expected)
    {
        await PublishAsync("b:1", "a:2", "b:3", "a:4", "c:5");

        var answer = await DataAsync("GET", $"{Path}?{query.Replace("STREAM", _stream, StringComparison.Ordinal)}");

        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        var sequences = Lines(answer).Select(static line => line["sequence"]!["stream"]!.ToString());
        Assert.That(string.Join(' ', sequences), Is.EqualTo(expected));
    }

    [Test]
    public async Task Replay_FromTime_BeginsAtTheFirstStoredThen()
    {
        await PublishAsync("a:1", "a:2");
        await PublishAsync("a:3");
        var second = Lines(await DataAsync("GET", $"{Path}?from_seq=2&limit=1"))[0];

        var lines = Lines(await DataAsync("GET", $"{Path}?from_time={Uri.EscapeDataString((string)second["time"]!)}"));

        Assert.That((int)lines[0]["sequence"]!["stream"]!, Is.EqualTo(2).Or.EqualTo(3), "times are cut to 100 ns");
        Assert.That((int)lines[^1]["sequence"]!["stream"]!, Is.EqualTo(3));
    }

    [Test]
    public async Task Replay_Follow_GoesOnWithWhatIsStored()
    {
        await PublishAsync("a:1", "b:2");
        await using var stream = await FollowAsync($"{Path}?follow&subject={_stream}.a");
        Assert.That(Describe((await stream.NextAsync()).Json), Is.EqualTo("1 1 a:1"));

        await PublishAsync("b:3", "a:4");
        Assert.That(Describe((await stream.NextAsync()).Json), Is.EqualTo("4 2 a:4"));
        await PublishAsync("a:5");
        Assert.That(Describe((await stream.NextAsync()).Json), Is.EqualTo("5 3 a:5"));
        await Client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{_stream}");
        Assert.That((string)(await stream.NextAsync()).Json["error"]!["type"]!, Is.EqualTo("stream-deleted"));
    }

    [Test]
    public async Task Replay_LastPerSubjectAndFollow_GoesOnBehindThem()
    {
        await PublishAsync("a:1", "b:2", "a:3");
        await using var stream = await FollowAsync($"{Path}?last_per_subject&follow");
        Assert.That(Describe((await stream.NextAsync()).Json), Is.EqualTo("2 1 b:2"));
        Assert.That(Describe((await stream.NextAsync()).Json), Is.EqualTo("3 2 a:3"));

        await PublishAsync("b:4");
        Assert.That(Describe((await stream.NextAsync()).Json), Is.EqualTo("4 3 b:4"));
        var rest = Lines(await DataAsync("GET", $"{Path}?last_per_subject", headers: "Last-Event-ID: 3"));
        Assert.That(rest.Select(Describe), Is.EqualTo(new[] { "4 1 b:4" }), "what the client does not have");
    }

    [Test]
    public async Task Replay_LastOfTooManySubjects_IsRefused()
    {
        var records = string.Join('\n', Enumerable.Range(0, ReplayOptions.MostLast + 1)
            .Select(number => $$"""{"subject":"{{_stream}}.{{number}}","msg":"1"}"""));
        Assert.That((await DataAsync("POST", "/v1/data/publish", records)).Status, Is.EqualTo(200));

        (await DataAsync("GET", $"{Path}?last_per_subject")).Expect(422, "10001 subjects match");
        var some = Lines(await DataAsync("GET", $"{Path}?last_per_subject&subject={_stream}.7"));
        Assert.That(some, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Replay_ServerSentEvents_HaveTheSequenceAsIdAndGoOnFromIt()
    {
        await PublishAsync("a:1", "a:2", "a:3");
        const string Accept = "Accept: text/event-stream";

        var first = await DataAsync("GET", $"{Path}?limit=2&encoding=utf8", headers: Accept);
        var rest = await DataAsync("GET", $"{Path}?encoding=utf8", headers: $"{Accept} & Last-Event-ID: 2");
        var over = await DataAsync("GET", Path, headers: $"{Accept} & Last-Event-ID: 3");
        var broken = await DataAsync("GET", Path, headers: $"{Accept} & Last-Event-ID: x");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                first.Text, Does.StartWith("retry: 2000\nid: 0\n\nid: 1\nevent: message\ndata: {").And.Contain("\n\nid: 2\n"));
            Assert.That(first.Text, Does.Match(
                "\n\nid: 2-end\nevent: end\ndata: \\{\"event\":\"end\",\"request_id\":\"[^\"]+\",\"last_sequence\":2\\}\n\n$"));
            Assert.That(rest.Text, Does.Contain("id: 3\n").And.Not.Contain("id: 2\nevent"));
            Assert.That((over.Status, over.Text), Is.EqualTo((204, string.Empty)));
            Assert.That(broken.Expect(400).Detail, Does.StartWith("Last-Event-ID: 'x'"));
        }
    }

    [TestCase("subject=STREAM.x", "0")]
    [TestCase("from_seq=3", "2")]
    [TestCase("last_per_subject", "0")]
    [TestCase("last", "1")]
    [TestCase("from_time=2999-01-01T00:00:00Z", "2")]
    [TestCase("new&follow=false", "2")]
    public async Task Replay_ServerSentEvents_TellThePlaceBeforeThereIsAMessage(string query, string id)
    {
        await PublishAsync("a:1", "a:2");

        var answer = await EventsAsync(query);

        Assert.That(answer.Text, Does.StartWith($"retry: 2000\nid: {id}\n\n"));
        Assert.That((await EventsAsync(query, id)).Text, Is.Empty.Or.StartWith($"retry: 2000\nid: {id}\n\n"), "it stays there");
    }

    [Test]
    public async Task Replay_NewAndCutOffBeforeAMessage_GoesOnWithoutAGap()
    {
        await PublishAsync("a:1");
        using (var response = await OpenAsync(
            Gateway.Dataplane, "GET", $"{Path}?new", body: null, "Accept: text/event-stream"))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            Assert.That(await reader.ReadLineAsync(), Is.EqualTo("retry: 2000"));
            Assert.That(await reader.ReadLineAsync(), Is.EqualTo("id: 1"));
        }

        await PublishAsync("a:2");

        Assert.That((await EventsAsync("new&limit=1", "1")).Text, Does.Contain("\n\nid: 2\nevent: message\n"));
    }

    [TestCase("limit=2", "2-end")]
    [TestCase("limit=2&follow", "2-end")]
    [TestCase("subject=STREAM.x", "3-end")]
    [TestCase("last_per_subject", "3-end")]
    [TestCase("", "3-end")]
    public async Task Replay_ServerSentEventsThatAreComplete_EndAnEventSource(string query, string id)
    {
        await PublishAsync("a:1", "a:2", "a:3");

        var answer = await EventsAsync(query);
        await PublishAsync("a:4");
        var again = await EventsAsync(query, id);

        Assert.That(answer.Text, Does.Contain($"\n\nid: {id}\nevent: end\n"));
        Assert.That((again.Status, again.Text), Is.EqualTo((204, string.Empty)));
    }

    /// <summary>Whoever goes on behind it gets nothing that was not asked for, and misses nothing.</summary>
    [TestCase("", "4")]
    [TestCase("limit=2", "2")]
    [TestCase("subject=STREAM.b", "4")]
    [TestCase("subject=STREAM.x", "4")]
    [TestCase("last&subject=STREAM.x", "4")]
    [TestCase("last_per_subject&subject=STREAM.b", "4")]
    [TestCase("last_per_subject&limit=1", "3")]
    [TestCase("from_time=2999-01-01T00:00:00Z", "4")]
    [TestCase("new&follow=false", "4")]
    [TestCase("from_seq=4", "4")]
    [TestCase("from_seq=5", "4")]
    [TestCase("from_seq=100", "99")]
    [TestCase("from_seq=18446744073709551615", "18446744073709551614")]
    public async Task Replay_Complete_SaysBehindWhichSequenceToGoOn(string query, string last)
    {
        await PublishAsync("a:1", "a:2", "b:3", "a:4");

        var answer = await DataAsync(
            "GET",
            $"{Path}?{query.Replace("STREAM", _stream, StringComparison.Ordinal)}",
            headers: "Accept: application/x-ndjson");

        var end = Lines(answer)[^1];
        Assert.That(((string)end["event"]!, end["last_sequence"]!.ToJsonString()), Is.EqualTo(("end", last)));
    }

    [TestCase("", false)]
    [TestCase("&metadata=false", false)]
    [TestCase("&metadata=true", true)]
    public async Task Replay_Metadata_TellsDeliveriesAndWhatIsPending(string metadata, bool isTold)
    {
        await PublishAsync([.. Enumerable.Range(1, 20).Select(static number => $"a:{number}")]);

        foreach (var accept in new[] { "*/*", "application/x-ndjson" })
        {
            var byConsumer = await MessageAsync($"from_seq=2&limit=18{metadata}");
            var byRequest = await MessageAsync($"from_seq=19{metadata}");

            using (Assert.EnterMultipleScope())
            {
                Assert.That((int?)byConsumer["deliveries"], Is.EqualTo(isTold ? 1 : null));
                Assert.That((int?)byConsumer["pending"], Is.EqualTo(isTold ? 18 : null));
                Assert.That((int?)byRequest["deliveries"], Is.EqualTo(isTold ? 1 : null));
                Assert.That(byRequest["pending"], Is.Null, "nobody knows");
                Assert.That((string?)byRequest["time"], Does.EndWith("Z"));
            }

            async Task<JsonNode> MessageAsync(string query) =>
                Lines(await DataAsync("GET", $"{Path}?strict=true&{query}", headers: $"Accept: {accept}"))
                    .First(static line => line["sequence"] is not null);
        }
    }

    [Test]
    public async Task Replay_CompleteButTheStreamIsGone_IsNotFound()
    {
        await Client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{_stream}");

        (await EventsAsync(string.Empty, "2-end")).Expect(404);
    }

    [Test]
    public async Task Replay_WorkQueueWithConsumers_LeavesItAsItIs()
    {
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        var queue = SharedServers.NewName();
        await raw.CreateStreamAsync(queue, [queue], new JsonObject { ["retention"] = "workqueue" });
        await raw.CreateConsumerAsync(queue, "c");
        await Client.PublishAsync(queue, "1");
        await Client.PublishAsync(queue, "2");

        var lines = Lines(await DataAsync("GET", $"/v1/data/stream/{queue}/message"));

        Assert.That(lines, Has.Count.EqualTo(2));
        Assert.That(await raw.MessagesAsync(queue), Is.EqualTo(2));
        Assert.That((int)(await raw.CallAsync($"STREAM.INFO.{queue}"))["state"]!["consumer_count"]!, Is.EqualTo(1));
    }

    [TestCase("from_seq=0", "from_seq: 0 is less than 1")]
    [TestCase("from_seq=-1", "from_seq: '-1' is not a sequence")]
    [TestCase("from_seq=18446744073709551616", "is not a sequence")]
    [TestCase("from_seq=1&from_seq=2", "from_seq was given 2 times")]
    [TestCase("from_seq=1&last", "are beginnings")]
    [TestCase("last_per_subject&new", "are beginnings")]
    [TestCase("last_per_subject=2", "last_per_subject: '2' is neither true nor false")]
    [TestCase("from_time=yesterday", "is not a time of RFC 3339")]
    [TestCase("last=maybe", "last: 'maybe' is neither true nor false")]
    [TestCase("limit=0", "limit: 0 is less than 1")]
    [TestCase("subject=a..b", "subject")]
    [TestCase("encoding=hex", "encoding: 'hex'")]
    [TestCase("metadata=1", "metadata: '1' is neither true nor false")]
    [TestCase("heartbeat=15s", "heartbeat: '15s' needs a framing")]
    public async Task Replay_OutOfRange_IsRefused(string query, string detail) =>
        (await DataAsync("GET", $"{Path}?{query}")).Expect(400, detail);

    [Test]
    public async Task Replay_UnknownStream_IsNotFound() => (await DataAsync("GET", "/v1/data/stream/none/message")).Expect(404);

    private Task<WireAnswer> EventsAsync(string query, string? lastEventId = null) => DataAsync(
        "GET",
        $"{Path}?{query.Replace("STREAM", _stream, StringComparison.Ordinal)}",
        headers: $"Accept: text/event-stream{(lastEventId is null ? string.Empty : $" & Last-Event-ID: {lastEventId}")}");

    private static List<JsonNode> Lines(WireAnswer answer) =>
        [.. answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonNode.Parse(line)!)];

    private string Describe(JsonNode line) =>
        $"{line["sequence"]!["stream"]} {line["sequence"]!["consumer"]} {((string)line["subject"]!)[(_stream.Length + 1)..]}:"
        + System.Text.Encoding.UTF8.GetString(Convert.FromBase64String((string)line["b64_msg"]!));

    private async Task<OpenStream> FollowAsync(string path)
    {
        var response = await Client.OpenAsync(HttpMethod.Get, path);
        return new OpenStream(response, await response.Content.ReadAsStreamAsync());
    }

    private async Task PublishAsync(params string[] messages)
    {
        foreach (var message in messages)
        {
            var (subject, text) = (message.Split(':')[0], message.Split(':')[1]);
            await Client.PublishAsync($"{_stream}.{subject}", text);
        }
    }
}
