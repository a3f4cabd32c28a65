using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>What the framings that are made of JSON objects share: signs, events and the end, in the shape that was chosen.</summary>
internal abstract class ShapedFraming(IBufferWriter<byte> output, string requestId, FrameShape shape) : IFraming
{
    // How long an EventSource waits before it connects again, in milliseconds.
    private static readonly byte[] Retry = [.. "retry: 2000\n"u8];
    private static readonly byte[] Comment = [.. ": hb\n\n"u8];

    public abstract bool WantsDetails { get; }

    protected IBufferWriter<byte> Output { get; } = output;

    protected string RequestId { get; } = requestId;

    protected FrameShape Shape { get; } = shape;

    public string ContentType => Shape.ContentType;

    public string CacheControl => Shape.CacheControl;

    public long Bytes { get; protected set; }

    /// <summary>The object that says that it is open.</summary>
    protected abstract OpenSign Open { get; }

    public void WriteOpen()
    {
        switch (Shape.Signs)
        {
            case FrameSigns.Objects:
                WriteSign(Open, SignJson.Wire.OpenSign);
                break;
            case FrameSigns.Comments:
                Put(Retry);
                WriteOpenId();
                Put("\n"u8);
                break;
            default:
                // The answer's headers are the sign.
                break;
        }
    }

    public void WriteKeepAlive(DateTimeOffset now)
    {
        switch (Shape.Signs)
        {
            case FrameSigns.Objects:
                WriteSign(new KeepAliveSign(now), SignJson.Wire.KeepAliveSign);
                break;
            case FrameSigns.Comments:
                Put(Comment);
                break;
            default:
                // There is nothing that a client of v1 would pass over.
                break;
        }
    }

    /// <summary>Writes where the client is before the first event, as a line of that framing; nothing where it has no place.</summary>
    protected virtual void WriteOpenId()
    {
    }

    public abstract int Write(in Delivery delivery);

    public virtual void WriteEnd(Error error) => WriteSign(
        new FailureAnswer { Success = false, RequestId = RequestId, Error = ErrorResponses.Contract(error) },
        AnswerJson.Wire.FailureAnswer);

    public void WriteEvent(ReadOnlySpan<byte> json)
    {
        Put(Shape.BeforeOther);
        Put(json);
        Put(Shape.After);
    }

    protected void WriteSign<T>(T sign, JsonTypeInfo<T> type) => WriteEvent(JsonSerializer.SerializeToUtf8Bytes(sign, type));

    protected void Put(ReadOnlySpan<byte> bytes)
    {
        Output.Write(bytes);
        Bytes += bytes.Length;
    }
}
