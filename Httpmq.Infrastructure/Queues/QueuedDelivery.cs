using System.Runtime.InteropServices;
using Httpmq.Domain.Messages;

namespace Httpmq.Infrastructure.Queues;

/// <summary>
/// A received message that waits for its subscriber; its bytes lie in a slab that it shares with its neighbours.
/// <paramref name="At"/> is the <see cref="TimeProvider"/>'s timestamp of when it arrived, or up to a second earlier.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct QueuedDelivery(
    string Subject,
    string ReplyTo,
    DeliverySequence Sequence,
    long At,
    byte[] Slab,
    int Offset,
    int HeadersLength,
    int PayloadLength)
{
    /// <summary>Headers and payload lie one after the other.</summary>
    public int Length => HeadersLength + PayloadLength;

    public MessageHeaders Headers => MessageHeaders.Wrap(Slab.AsMemory(Offset, HeadersLength));

    public ReadOnlySpan<byte> Payload => Slab.AsSpan(Offset + HeadersLength, PayloadLength);

    /// <summary>What is left of it when only the message has to be given back.</summary>
    public QueuedDelivery WithoutBytes() => this with { Slab = [], Offset = 0, HeadersLength = 0, PayloadLength = 0 };
}
