using System.IO.Pipelines;
using Httpmq.Api.Subscriptions.Framing;

namespace Httpmq.Tests.Api.Subscriptions.Framing;

/// <summary>The lines of v1: one JSON object each, no sign of opening or of life, no headers.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class LineFramingTests : JsonFramingCompliance
{
    protected override bool ShowsHeaders => false;

    protected override FrameShape Shape => FrameShape.V1Lines;

    protected override IEnumerable<string> Split(string text) => Lines(text);

    [Test]
    public void WriteOpenAndKeepAlive_OfV1_AreNothing()
    {
        var pipe = new Pipe();
        var framing = Create(pipe.Writer, new FramingOptions());

        framing.WriteOpen();
        framing.WriteKeepAlive(DateTimeOffset.UnixEpoch);

        Assert.That((framing.Bytes, pipe.Writer.UnflushedBytes), Is.EqualTo((0L, 0L)));
    }
}
