using System.Buffers;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>The framings of a subscription.</summary>
internal sealed class JsonFrameWriter(
    IBufferWriter<byte> output, string requestId, string stream, string consumer, FramingOptions options)
    : ShapedFraming(output, requestId, options.Shape)
{
    private readonly DeliveryWriter _deliveries = new(output, requestId, stream, consumer, options);

    public override bool WantsDetails { get; } = options.Metadata;

    protected override OpenSign Open { get; } = new(requestId, stream, consumer);

    public override int Write(in Delivery delivery)
    {
        var length = _deliveries.Write(delivery);
        Bytes += length;
        return length;
    }
}
