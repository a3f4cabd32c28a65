using System.Diagnostics;
using System.Text.Json.Nodes;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Tracing;

/// <summary>From a client's span to the header of the message, and what is done with headers that are none.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.AnyServer)]
internal sealed class PublishTraceTests(string version) : ContractTest(version)
{
    private const string Unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    private SpanRecorder _recorder = null!;
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, $"{_stream}.>");
        _recorder = new SpanRecorder();
    }

    [TearDown]
    public void StopRecording() => _recorder.Dispose();

    [Test]
    public async Task Publish_InASampledTrace_MakesTheMessageAChildOfTheRequest()
    {
        (await PublishAsync($"traceparent: {_recorder.Parent} & tracestate: v=1 & Httpmq-Header-A: ü & Httpmq-Request-ID: r1")).Expect(200);

        var publish = await _recorder.WaitForAsync("publish");
        var request = await _recorder.WaitForAsync("POST v1/data/subject/{subject}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(request.ParentSpanId, Is.EqualTo(_recorder.ClientSpan));
            Assert.That(request.GetTagItem("httpmq.request_id"), Is.EqualTo("r1"));
            Assert.That(request.Kind, Is.EqualTo(ActivityKind.Server));
            Assert.That(request.GetTagItem("http.request.method"), Is.EqualTo("POST"));
            Assert.That(request.GetTagItem("http.route"), Is.EqualTo("v1/data/subject/{subject}"));
            Assert.That(request.GetTagItem("url.path"), Is.EqualTo($"/v1/data/subject/{_stream}.a"));
            Assert.That(request.GetTagItem("url.scheme"), Is.EqualTo("http"));
            Assert.That(request.GetTagItem("network.protocol.version"), Is.AnyOf("1.1", "2"));
            Assert.That(request.GetTagItem("http.response.status_code"), Is.EqualTo(200));
            Assert.That(publish.ParentSpanId, Is.EqualTo(request.SpanId));
            Assert.That(publish.Kind, Is.EqualTo(ActivityKind.Producer));
            Assert.That(publish.Status, Is.EqualTo(ActivityStatusCode.Unset));
            Assert.That(publish.GetTagItem("messaging.system"), Is.EqualTo("nats"));
            Assert.That(publish.GetTagItem("messaging.operation.type"), Is.EqualTo("send"));
            Assert.That(publish.GetTagItem("messaging.destination.name"), Is.EqualTo($"{_stream}.a"));
            Assert.That(publish.GetTagItem("messaging.message.body.size"), Is.EqualTo(5));
            Assert.That(publish.GetTagItem("httpmq.stream"), Is.EqualTo(_stream));
            Assert.That(publish.GetTagItem("httpmq.sequence"), Is.EqualTo(1UL));
            Assert.That(await HeadersAsync(1), Is.EqualTo($$"""
                {"A":["ü"],"traceparent":["00-{{_recorder.TraceId}}-{{publish.SpanId}}-01"],"tracestate":["v=1"]}
                """));
        }
    }

    [Test]
    public async Task Publish_ThatFails_MarksItsSpanAndNotTheRequestThatTheClientIsToBlameFor()
    {
        (await DataAsync("POST", $"/v1/data/subject/no.{_stream}", "aGVsbG8=", $"traceparent: {_recorder.Parent}")).Expect(404);

        var (publish, request) = (await _recorder.WaitForAsync("publish"), await _recorder.WaitForAsync("POST v1/data/subject/{subject}"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(publish.Status, Is.EqualTo(ActivityStatusCode.Error));
            Assert.That(publish.GetTagItem("error.type"), Is.EqualTo("subject-not-claimed"));
            Assert.That(request.Status, Is.EqualTo(ActivityStatusCode.Unset));
            Assert.That(request.GetTagItem("error.type"), Is.EqualTo("subject-not-claimed"));
        }
    }

    [TestCase(Unsampled)]
    [TestCase("00-ab-cd-01")]
    [TestCase("hello")]
    [TestCase("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [TestCase("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01")]
    [TestCase("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")]
    [TestCase("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")]
    [TestCase("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    public async Task Publish_WithATraceThatIsNotSampledOrNone_IsPassedOnAsItIs(string parent)
    {
        (await PublishAsync($"traceparent: {parent} & tracestate: =,,=")).Expect(200);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await HeadersAsync(1), Is.EqualTo($$"""{"traceparent":["{{parent}}"],"tracestate":["=,,="]}"""));
            Assert.That(_recorder.Spans, Is.Empty);
        }
    }

    [Test]
    public async Task Publish_WithAHugeTrace_IsPassedOnAsItIs()
    {
        var huge = $"{_recorder.Parent}{new string('0', 8000)}";

        (await PublishAsync($"traceparent: {huge}")).Expect(200);

        Assert.That(await HeadersAsync(1), Is.EqualTo($$"""{"traceparent":["{{huge}}"]}"""));
    }

    [Test]
    public async Task Publish_WithTwoTraces_FollowsNeither()
    {
        (await PublishAsync($"traceparent: {_recorder.Parent} & traceparent: {_recorder.Parent}")).Expect(200);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await HeadersAsync(1), Does.Contain(_recorder.Parent));
            Assert.That(_recorder.Spans, Is.Empty);
        }
    }

    [Test]
    public async Task Batch_WithTracesOfItsRecords_LinksThemAndGivesItsOwnToTheOthers()
    {
        var own = new SpanContext();
        var lines = $$$"""
            {"subject":"{{{_stream}}}.a","msg":"1"}
            {"subject":"{{{_stream}}}.a","msg":"2","headers":{"traceparent":"{{{own.Sampled}}}"}}
            {"subject":"{{{_stream}}}.a","msg":"3","headers":{"traceparent":"{{{Unsampled}}}"}}
            {"subject":"no.{{{_stream}}}","msg":"4"}
            """;

        await DataAsync("POST", "/v1/data/publish", lines, $"traceparent: {_recorder.Parent}");

        var batch = await _recorder.WaitForAsync("publish batch");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(batch.Links.Select(static link => link.Context.SpanId), Is.EqualTo(new[] { own.SpanId }));
            Assert.That(batch.GetTagItem("messaging.batch.message_count"), Is.EqualTo(4));
            Assert.That(batch.GetTagItem("httpmq.failed"), Is.EqualTo(1));
            Assert.That(batch.Status, Is.EqualTo(ActivityStatusCode.Error));
            Assert.That(batch.GetTagItem("error.type"), Is.EqualTo("subject-not-claimed"));
            Assert.That(await HeadersAsync(1), Is.EqualTo($$"""{"traceparent":["{{batch.Id}}"]}"""));
            Assert.That(await HeadersAsync(2), Is.EqualTo($$"""{"traceparent":["{{own.Sampled}}"]}"""));
            Assert.That(await HeadersAsync(3), Is.EqualTo($$"""{"traceparent":["{{Unsampled}}"]}"""));
        }
    }

    [Test]
    public async Task Batch_OfManyTraces_HasSoManyLinks()
    {
        var lines = string.Join('\n', Enumerable.Range(0, 200).Select(_ => new JsonObject
        {
            ["subject"] = $"{_stream}.a",
            ["msg"] = "x",
            ["headers"] = new JsonObject { ["traceparent"] = new SpanContext().Sampled },
        }.ToJsonString()));

        await DataAsync("POST", "/v1/data/publish", lines, $"traceparent: {_recorder.Parent}");

        Assert.That((await _recorder.WaitForAsync("publish batch")).Links.Count(), Is.EqualTo(128));
    }

    [Test]
    public async Task Batch_WithTheLargestMessage_IsNotRefusedForTheTrace()
    {
        var largest = new JsonObject { ["subject"] = $"{_stream}.a", ["msg"] = new string('x', 1024 * 1024) }.ToJsonString();

        var answer = await DataAsync("POST", "/v1/data/publish", largest, $"traceparent: {_recorder.Parent}");

        Assert.That(answer.Text, Does.StartWith("{\"success\":true"));
        Assert.That(await HeadersAsync(1), Is.EqualTo("{}"));
    }

    [Test]
    public async Task Batch_OfCloudEvents_CarriesItsTrace()
    {
        const string Events = """
            [{"specversion":"1.0","id":"1","source":"s","type":"t"},{"specversion":"1.0","id":"2","source":"s","type":"t"}]
            """;

        (await DataAsync(
            "POST", $"/v1/data/subject/{_stream}.a", Events,
            $"Content-Type: application/cloudevents-batch+json & traceparent: {_recorder.Parent}")).Expect(200);

        var batch = await _recorder.WaitForAsync("publish batch");
        Assert.That(await HeadersAsync(2), Does.Contain($"""
            "traceparent":["{batch.Id}"]
            """));
    }

    private Task<WireAnswer> PublishAsync(string headers) => DataAsync("POST", $"/v1/data/subject/{_stream}.a", "aGVsbG8=", headers);

    private async Task<string> HeadersAsync(int sequence)
    {
        var stored = await Client.DataAsync(HttpMethod.Get, $"/v1/data/stream/{_stream}/message/{sequence}");
        var headers = stored.Body["headers"]?.AsObject().OrderBy(static header => header.Key, StringComparer.Ordinal)
            .Select(static header => KeyValuePair.Create(header.Key, header.Value?.DeepClone()));
        return new JsonObject(headers ?? []).ToJsonString(new System.Text.Json.JsonSerializerOptions
        {
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });
    }

    private sealed class SpanContext
    {
        public ActivitySpanId SpanId { get; } = ActivitySpanId.CreateRandom();

        public string Sampled => $"00-{ActivityTraceId.CreateFromString("4bf92f3577b34da6a3ce929d0e0e4736")}-{SpanId}-01";
    }
}
