using System.Diagnostics;
using System.Text.Json.Nodes;
using Httpmq.Tests.Api.Subscriptions;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Tracing;

/// <summary>From the header of a message to its subscriber, and back with a settlement.</summary>
[Category(ServerUnderTest.AnyServer)]
internal sealed class DeliveryTraceTests() : ContractTest("2.0")
{
    private SpanRecorder _recorder = null!;
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, $"{_stream}.>");
        await Client.DefineConsumerAsync(_stream, "c", new JsonObject { ["mode"] = "pull" });
        _recorder = new SpanRecorder();
    }

    [TearDown]
    public void StopRecording() => _recorder.Dispose();

    [Test]
    public async Task Subscription_GetsTheTraceOfThePublish_AndItsDeliveryIsASpanOfIt()
    {
        await using var open = await Client.SubscribeAsync(_stream, "c", "metadata=true");
        await PublishAsync($"traceparent: {_recorder.Parent}");
        var line = await open.NextAsync();

        var (publish, deliver) = (await _recorder.WaitForAsync("publish"), await _recorder.WaitForAsync("deliver"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)line.Json["headers"]!["traceparent"]![0]!, Is.EqualTo(publish.Id));
            Assert.That(deliver.TraceId, Is.EqualTo(_recorder.TraceId));
            Assert.That(deliver.ParentSpanId, Is.EqualTo(publish.SpanId));
            Assert.That(deliver.Kind, Is.EqualTo(ActivityKind.Consumer));
            Assert.That(deliver.GetTagItem("messaging.operation.type"), Is.EqualTo("receive"));
            Assert.That(deliver.GetTagItem("messaging.destination.name"), Is.EqualTo(_stream));
            Assert.That(deliver.GetTagItem("messaging.destination.subscription.name"), Is.EqualTo("c"));
        }
    }

    [Test]
    public async Task Subscription_InASampledTrace_HasASpanForItsOpeningWhileItGoesOn()
    {
        using var open = await OpenAsync(
            Gateway.Dataplane, "GET", $"/v1/data/stream/{_stream}/consumer/c", body: null, $"traceparent: {_recorder.Parent}");

        var opening = await _recorder.WaitForAsync("GET v1/data/stream/{stream}/consumer/{consumer}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(opening.ParentSpanId, Is.EqualTo(_recorder.ClientSpan));
            Assert.That(opening.GetTagItem("http.response.status_code"), Is.EqualTo(200));
            Assert.That(opening.GetTagItem("http.route"), Is.EqualTo("v1/data/stream/{stream}/consumer/{consumer}"));
        }
    }

    [TestCase(TwoWay.Duplex)]
    [TestCase(TwoWay.WebSocket1)]
    [TestCase(TwoWay.WebSocket2)]
    public async Task TwoWays_DeliverInTheTraceOfTheMessage(string way)
    {
        await using var open = await TwoWay.OpenAsync(way, Gateway.Dataplane, _stream, "c");
        await PublishAsync($"traceparent: {_recorder.Parent}");
        var message = await open.ReadAsync(named: null);
        await open.SendAsync($$"""{"ack":[{"token":"{{message["token"]}}"}]}""");
        await open.ReadAsync("settled");

        Assert.That((await _recorder.WaitForAsync("deliver")).ParentSpanId, Is.EqualTo((await _recorder.WaitForAsync("publish")).SpanId));
    }

    [Test]
    public async Task Subscription_ToManyTracedMessages_LinksThemInFewSpans()
    {
        var lines = string.Join('\n', Enumerable.Range(0, 300).Select(_ => new JsonObject
        {
            ["subject"] = $"{_stream}.a",
            ["msg"] = "x",
            ["headers"] = new JsonObject { ["traceparent"] = _recorder.Parent },
        }.ToJsonString()));
        await DataAsync("POST", "/v1/data/publish", lines);
        await using var open = await Client.SubscribeAsync(_stream, "c", "ack=auto");
        await open.TakeAsync(300);

        await Eventually.HoldsAsync(() => Messages() == 300, "all of them are in spans");
        var spans = _recorder.Spans;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(spans.Count, Is.LessThan(300));
            Assert.That(spans.Max(static span => span.Links.Count()), Is.InRange(2, 128));
            Assert.That(spans.Where(static span => span.Links.Count() > 1).Select(static span => span.TraceId),
                Is.All.Not.EqualTo(_recorder.TraceId));
        }

        int Messages() => _recorder.Spans.Sum(static span => (int)span.GetTagItem("messaging.batch.message_count")!);
    }

    [Test]
    public async Task Pull_InASampledTrace_LinksTheMessages()
    {
        await PublishAsync($"traceparent: {_recorder.Parent}");
        await PublishAsync("Httpmq-Header-A: untraced");

        var pulled = await DataAsync(
            "POST", $"/v1/data/stream/{_stream}/consumer/c/pull", """{"batch":2}""", $"traceparent: {_recorder.Parent}");

        Assert.That(pulled.Status, Is.EqualTo(200));
        var (publish, pull) = (await _recorder.WaitForAsync("publish"), await _recorder.WaitForAsync("pull"));
        var request = await _recorder.WaitForAsync("POST v1/data/stream/{stream}/consumer/{consumer}/pull");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(pull.ParentSpanId, Is.EqualTo(request.SpanId));
            Assert.That(pull.Links.Select(static link => link.Context.SpanId), Is.EqualTo(new[] { publish.SpanId }));
            Assert.That(pull.GetTagItem("messaging.batch.message_count"), Is.EqualTo(2));
        }
    }

    [Test]
    public async Task Pull_OfAClientThatIsNotTraced_IsASpanOfTheMessage()
    {
        await PublishAsync($"traceparent: {_recorder.Parent}");

        await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/c/pull", "{}");

        var (publish, pull) = (await _recorder.WaitForAsync("publish"), await _recorder.WaitForAsync("pull"));
        Assert.That((pull.TraceId, pull.ParentSpanId), Is.EqualTo((publish.TraceId, publish.SpanId)));
    }

    [TestCase("ack", """{"stream":1,"consumer":1}""", null)]
    [TestCase("ack", """[{"stream":1,"consumer":1}]""", null)]
    [TestCase("ack", """{"stream":9,"consumer":9}""", "ack-never-sent")]
    [TestCase("settle", """{"ack":[{"stream":1,"consumer":1}]}""", null)]
    [TestCase("settle", """{"nak":[{"stream":1,"consumer":1},{"stream":9,"consumer":9}]}""", "ack-never-sent")]
    public async Task Settlement_InASampledTrace_IsASpan(string name, string body, string? error)
    {
        await PublishAsync("Httpmq-Header-A: untraced");
        await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/c/pull", "{}");

        await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/c/{name}", body, $"traceparent: {_recorder.Parent}");

        var settle = await _recorder.WaitForAsync(name);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(settle.GetTagItem("messaging.operation.type"), Is.EqualTo("settle"));
            Assert.That(settle.GetTagItem("messaging.destination.name"), Is.EqualTo(_stream));
            Assert.That(settle.GetTagItem("error.type"), Is.EqualTo(error));
            Assert.That(settle.Status, Is.EqualTo(error is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error));
        }
    }

    private async Task PublishAsync(string headers) =>
        (await DataAsync("POST", $"/v1/data/subject/{_stream}.a", "aGVsbG8=", headers)).Expect(200);
}
