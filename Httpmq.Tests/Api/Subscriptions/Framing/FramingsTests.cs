using Httpmq.Api.Subscriptions.Framing;
using Microsoft.Extensions.Primitives;

namespace Httpmq.Tests.Api.Subscriptions.Framing;

internal sealed class FramingsTests
{
    // What clients of v1 send stands first.
    [TestCase(null, "v1")]
    [TestCase("", "v1")]
    [TestCase("*/*", "v1")]
    [TestCase("application/json", "v1")]
    [TestCase("text/*", "v1")]
    [TestCase("text/html, application/xhtml+xml, */*;q=0.8", "v1")]
    [TestCase("nonsense;;,", "v1")]
    [TestCase("application/x-ndjson", "ndjson")]
    [TestCase("APPLICATION/X-NDJSON", "ndjson")]
    [TestCase("application/x-ndjson; charset=utf-8", "ndjson")]
    [TestCase("application/jsonl", "jsonl")]
    [TestCase("application/json-seq", "json-seq")]
    [TestCase("text/event-stream", "sse")]
    [TestCase("application/json, text/event-stream", "sse")]
    [TestCase("text/event-stream, */*", "sse")]
    [TestCase("text/event-stream;q=0.5, */*", "v1")]
    [TestCase("text/event-stream;q=0", "v1")]
    [TestCase("text/event-stream;q=0, application/jsonl;q=0.1", "jsonl")]
    [TestCase("text/event-stream;q=0.4, application/x-ndjson;q=0.6, application/jsonl;q=0.6", "ndjson")]
    public void Choose_Accept_IsWhatIsNamedWithTheGreatestWeight(string? accept, string expected) =>
        Assert.That(NameOf(Framings.Choose(accept is null ? StringValues.Empty : accept)), Is.EqualTo(expected));

    [Test]
    public void Choose_SeveralHeaders_AreOneList() =>
        Assert.That(NameOf(Framings.Choose(new StringValues(["text/html", "application/jsonl"]))), Is.EqualTo("jsonl"));

    private static string NameOf(FrameShape shape) =>
        shape == FrameShape.V1Lines ? "v1"
        : shape == FrameShape.NdJson ? "ndjson"
        : shape == FrameShape.JsonLines ? "jsonl"
        : shape == FrameShape.JsonSequence ? "json-seq"
        : "sse";
}
