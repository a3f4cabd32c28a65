using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Messages;

namespace Httpmq.Tests.Api.Subscriptions.Framing;

/// <summary>The lines of v1: one JSON object each, no sign of opening or of life, no headers.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class LineFramingTests : FramingCompliance
{
    protected override bool ShowsHeaders => false;

    protected override IFraming Create(PipeWriter output, FramingOptions options) =>
        new LineFrameWriter(output, RequestId, "stream", "consumer", options);

    protected override IReadOnlyList<Frame> Read(byte[] bytes)
    {
        var lines = Encoding.UTF8.GetString(bytes).Split('\n');
        Assert.That(lines[^1], Is.Empty, "the last line ends");
        return [.. lines[..^1].Select(ReadLine)];
    }

    [Test]
    public void WriteOpenAndKeepAlive_OfV1_AreNothing()
    {
        var pipe = new Pipe();
        var framing = Create(pipe.Writer, new FramingOptions());

        framing.WriteOpen();
        framing.WriteKeepAlive();

        Assert.That((framing.Bytes, pipe.Writer.UnflushedBytes), Is.EqualTo((0L, 0L)));
    }

    private static Frame ReadLine(string line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        Assert.That(root.GetProperty("request_id").GetString(), Is.EqualTo(RequestId));
        if (!root.GetProperty("success").GetBoolean())
        {
            var error = root.GetProperty("error");
            return new Frame(FrameKind.End)
            {
                Status = error.GetProperty("code").GetInt32(),
                Message = error.GetProperty("message").GetString(),
                Detail = error.GetProperty("detail").GetString(),
            };
        }

        var sequence = root.GetProperty("sequence");
        return new Frame(FrameKind.Delivery)
        {
            Subject = root.GetProperty("message_subject").GetString(),
            Sequence = new DeliverySequence(sequence.GetProperty("stream").GetUInt64(), sequence.GetProperty("consumer").GetUInt64()),
            Payload = root.GetProperty("b64_msg").GetBytesFromBase64(),
            Headers = root.TryGetProperty("headers", out var headers)
                ? [.. headers.EnumerateObject()
                    .SelectMany(header => header.Value.EnumerateArray(), (header, value) => $"{header.Name}={value.GetString()}")]
                : [],
        };
    }
}
