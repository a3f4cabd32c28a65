using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Http;

/// <summary>
/// What clients get wrong beyond v1, over real sockets: each is refused with what is wrong with it. Nothing is stored, nothing is
/// acknowledged, and a subscriber on another connection notices nothing.
/// </summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class BadInputTests(string version) : ContractTest(version)
{
    private const string TooLarge = "18446744073709551616";
    private const string Event = "Content-Type: application/cloudevents+json";

    private string _stream = null!;
    private string _others = null!;
    private OpenStream _subscriber = null!;
    private string _token = null!;
    private string _before = null!;

    private string Consumer => $"/v1/data/stream/{_stream}/consumer/c";

    [OneTimeSetUp]
    public async Task DefineAsync()
    {
        (_stream, _others) = (SharedServers.NewName(), SharedServers.NewName());
        await Client.DefineStreamAsync(_stream, _stream, $"{_stream}.>");
        await Client.DefineConsumerAsync(_stream, "c", new JsonObject { ["mode"] = "pull", ["ack_wait"] = "1h" });
        await Client.PublishAsync(_stream, "one");
        await Client.PublishAsync(_stream, "two");
        var pulled = await DataAsync("POST", $"{Consumer}/pull", "{}");
        _token = (string)pulled.Json["messages"]![0]!["token"]!;
        await Client.DefineStreamAsync(_others, _others);
        await Client.DefineConsumerAsync(_others, "c");
        _subscriber = await Client.SubscribeAsync(_others, "c", string.Empty);
        _before = await StateAsync();
    }

    [OneTimeTearDown]
    public async Task LeaveAsync() => await _subscriber.DisposeAsync();

    [TearDown]
    public async Task Nothing_Afterwards_IsChanged()
    {
        Assert.That(await StateAsync(), Is.EqualTo(_before));
        await Client.PublishAsync(_others, "still here");
        var line = await _subscriber.NextAsync();
        await Client.AckAsync(_others, "c", line);
        Assert.That(line.Text, Is.EqualTo("still here"));
    }

    [TestCase("Nats-Schedule: every now and then & Nats-Schedule-Target: STREAM.x", "is no schedule")]
    [TestCase("Nats-Schedule: @fortnightly & Nats-Schedule-Target: STREAM.x", "is no schedule")]
    [TestCase("If-Match: seventeen", "If-Match: 'seventeen' is not one tag")]
    [TestCase("If-Match: \"seventeen\"", "seventeen")]
    [TestCase("If-Match: \"1.5\"", "1.5")]
    [TestCase("If-Match: \"-1\"", "-1")]
    [TestCase($"If-Match: \"{TooLarge}\"", TooLarge)]
    [TestCase("ce-specversion: 1.0 & ce-source: /s & ce-type: t", "id is required")]
    public async Task Publish_HeaderThatIsNone_Is400(string headers, string says) =>
        AssertRefused(await DataAsync("POST", $"/v1/data/subject/{_stream}.x?encoding=raw", "x", Named(headers)), says);

    [TestCase("""{"specversion":"1.0","source":"/s","type":"t"}""")]
    [TestCase("""{"specversion":"1.0","id":"","source":"/s","type":"t"}""")]
    [TestCase("""{"specversion":"1.0","id":null,"source":"/s","type":"t"}""")]
    public async Task Publish_CloudEventWithoutAnId_Is400(string body) =>
        AssertRefused(await DataAsync("POST", $"/v1/data/subject/{_stream}.x", body, Event), "id is required");

    [Test]
    public async Task Publish_CloudEventsWithoutAnId_FailEach()
    {
        var answer = (await DataAsync(
            "POST", $"/v1/data/subject/{_stream}.x", """[{"specversion":"1.0","source":"/s","type":"t"}]""",
            "Content-Type: application/cloudevents-batch+json")).Expect(200);

        Assert.That(((int)answer.Json["published"]!, (int)answer.Json["failed"]!), Is.EqualTo((0, 1)));
        Assert.That((string)answer.Json["results"]![0]!["error"]!["detail"]!, Does.Contain("id is required"));
    }

    [TestCase(""" "msg":"x","json":1 """, "a record has one message")]
    [TestCase(""" "b64_msg":"eA==","msg":"x" """, "a record has one message")]
    [TestCase(""" "msg":"x","headers":{"a b":"c"} """, "the name holds U+0020")]
    [TestCase(""" "msg":"x","headers":{" a":"c"} """, "the name holds U+0020")]
    public async Task PublishBatch_RecordThatIsNone_Is400(string members, string says)
    {
        var record = $$"""{"subject":"{{_stream}}.x",{{members}}}""" + "\n";

        AssertLine(await DataAsync("POST", "/v1/data/publish", record), says);
        AssertRefused(await DataAsync("POST", "/v1/data/publish?atomic=true", record), says);
    }

    [TestCase("2147483648")]
    [TestCase("4294967297")]
    [TestCase(TooLarge)]
    [TestCase("-2147483649")]
    [TestCase("1e3")]
    public async Task Pull_SoManyMessages_Is400(string batch) =>
        AssertRefused(await DataAsync("POST", $"{Consumer}/pull", $$"""{"batch":{{batch}}}"""), $"batch|{batch}");

    [TestCase(10_001)]
    [TestCase(100_000)]
    public async Task Settle_SoManyEntries_Is400AndNoneIsSettled(int count)
    {
        var entries = string.Join(',', Enumerable.Repeat($$"""{"token":"{{_token}}"}""", count));
        AssertRefused(await DataAsync("POST", $"{Consumer}/settle", $$"""{"ack":[{{entries}}]}"""), "10000");
    }

    [Test]
    public async Task Settle_TheMostEntries_IsTakenAndEachIsAnswered()
    {
        var entries = string.Join(',', Enumerable.Repeat("""{"stream":0,"consumer":1}""", 10_000));

        var answer = (await DataAsync("POST", $"{Consumer}/settle", $$"""{"ack":[{{entries}}]}""")).Expect(200);

        Assert.That(((int)answer.Json["settled"]!, (int)answer.Json["failed"]!), Is.EqualTo((0, 10_000)));
        var codes = answer.Json["results"]!.AsArray().Select(static one => (int)one!["code"]!).ToArray();
        Assert.That(codes, Has.Length.EqualTo(10_000).And.All.EqualTo(400));
    }

    [TestCase("0")]
    [TestCase(TooLarge)]
    [TestCase("-1")]
    [TestCase("1.5")]
    [TestCase("x")]
    public async Task Sequence_ThatIsNone_IsRefusedOnEveryRoute(string sequence)
    {
        AssertRefused(await DataAsync("GET", $"/v1/data/stream/{_stream}/message/{sequence}"), sequence);
        AssertRefused(await DataAsync("GET", $"/v1/data/stream/{_stream}/message?from_seq={sequence}"), $"from_seq|{sequence}");
        AssertRefused(await ManageAsync("GET", $"/v1/admin/stream/{_stream}/message/{sequence}"), sequence);
        AssertRefused(await ManageAsync("DELETE", $"/v1/admin/stream/{_stream}/message/{sequence}"), sequence);
        AssertRefused(await ManageAsync("POST", $"/v1/admin/stream/{_stream}/purge", $$"""{"seq":{{sequence}}}"""), null);
        AssertRefused(await ManageAsync("POST", $"/v1/admin/stream/{_stream}/consumer/c/reset", $$"""{"seq":{{sequence}}}"""), null);
        AssertRefused(await DataAsync("POST", $"{Consumer}/ack", $$"""{"stream":{{sequence}},"consumer":1}"""), null);
        AssertRefused(await DataAsync("POST", $"{Consumer}/ack", $$"""{"stream":1,"consumer":{{sequence}}}"""), null);
        var settle = await DataAsync("POST", $"{Consumer}/settle", $$"""{"ack":[{"stream":{{sequence}},"consumer":1}]}""");
        if (settle.Status == 200)
        {
            Assert.That((int)settle.Json["results"]![0]!["code"]!, Is.EqualTo(400), settle.Text);
        }
        else
        {
            AssertRefused(settle, null);
        }
    }

    [TestCase("-1")]
    [TestCase(TooLarge)]
    [TestCase("x")]
    [TestCase("-end")]
    [TestCase("1-ends")]
    public async Task LastEventId_ThatIsNone_Is400(string id) =>
        AssertRefused(await DataAsync("GET", $"/v1/data/stream/{_stream}/message", headers: $"Last-Event-ID: {id}"), id);

    /// <summary>Weights choose; where they cannot be read, the answer is the one without an Accept.</summary>
    [TestCase("application/octet-stream;q=0.5, application/json", "application/json")]
    [TestCase("application/octet-stream;q=0", "application/json")]
    [TestCase("application/json;q=0.1, application/octet-stream;q=0.2", "application/octet-stream")]
    [TestCase("application/octet-stream;q=x", "application/json|application/octet-stream")]
    [TestCase("application/octet-stream;q=7", "application/json|application/octet-stream")]
    [TestCase("application/octet-stream;q=-1", "application/json|application/octet-stream")]
    [TestCase(";q=,;;,q=1", "application/json")]
    public async Task Accept_WithWeights_IsOneOfTheTypes(string accept, string types)
    {
        using var answer = await OpenAsync(
            Gateway.Dataplane, "GET", $"/v1/data/stream/{_stream}/message/1", body: null, $"Accept: {accept}");

        Assert.That((int)answer.StatusCode, Is.EqualTo(200));
        Assert.That(answer.Content.Headers.ContentType!.ToString(), Is.AnyOf([.. types.Split('|').Cast<object>()]));
    }

    [TestCase("httpmq-header-a b")]
    [TestCase("httpmq-header-a ")]
    public async Task Header_NameWithASpace_IsRefused(string name)
    {
        if (IsHttp2)
        {
            // A reset of the stream, or the end of a connection that breaks the protocol (RFC 9113, 8.2.1).
            var status = await RawHttp2.SendAsync(
                Gateway.Dataplane, "POST", Encoding.ASCII.GetBytes($"/v1/data/subject/{_stream}.x"), [(name, "c"u8.ToArray())],
                "eA=="u8.ToArray());
            Assert.That(status, Is.Null.Or.EqualTo(400));
            return;
        }

        var answer = await RawHttp.SendAsync(
            Gateway.Dataplane, $"POST /v1/data/subject/{_stream}.x HTTP/1.1\nContent-Length: 4\n{name}: c", ["eA=="u8.ToArray()]);
        Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(400), answer);
    }

    [Test]
    public async Task Header_Of64KiB_Is431()
    {
        var value = new string('x', 64 * 1024);
        if (IsHttp2)
        {
            var status = await RawHttp2.SendAsync(
                Gateway.Dataplane, "POST", Encoding.ASCII.GetBytes($"/v1/data/subject/{_stream}.x"),
                [("httpmq-header-x", Encoding.ASCII.GetBytes(value))], "eA=="u8.ToArray());
            Assert.That(status, Is.EqualTo(431));
            return;
        }

        var answer = await RawHttp.SendAsync(
            Gateway.Dataplane, $"POST /v1/data/subject/{_stream}.x HTTP/1.1\nContent-Length: 4\nHttpmq-Header-X: {value}");
        Assert.That((RawHttp.StatusOf(answer), answer), Is.EqualTo((431, answer)));
        Assert.That(answer, Does.Contain("\"type\":\"headers-too-large\""));
    }

    private string Named(string headers) => headers.Replace("STREAM", _stream, StringComparison.Ordinal);

    private static void AssertRefused(WireAnswer answer, string? says)
    {
        answer.Expect(400);
        foreach (var word in says?.Split('|') ?? [])
        {
            Assert.That(answer.Detail, Does.Contain(word));
        }
    }

    private static void AssertLine(WireAnswer answer, string says)
    {
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        var outcome = JsonNode.Parse(answer.Text.Trim())!;
        Assert.That((int)outcome["error"]!["code"]!, Is.EqualTo(400));
        Assert.That((string)outcome["error"]!["detail"]!, Does.Contain(says));
    }

    private async Task<string> StateAsync()
    {
        var consumer = await Client.ConsumerAsync(_stream, "c");
        var state = (await Client.StreamAsync(_stream))["state"]!;
        JsonObject what = new();
        foreach (var (from, field) in new[]
        {
            (state, "messages"), (state, "last_seq"), (consumer, "num_ack_pending"), (consumer, "ack_floor"),
        })
        {
            what[field] = from[field]!.DeepClone();
        }

        return what.ToJsonString();
    }
}
