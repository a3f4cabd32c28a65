using System.Buffers;
using NATS.Client.Core;

namespace Httpmq.Bench.Nats;

/// <summary>
/// A subscription to a consumer's deliver subject that looks at nothing and keeps nothing: what the connection itself can do.
/// </summary>
internal sealed class RawDeliveries(NatsConnection connection, string subject, RawDelivery onMessage)
    : NatsSubBase(connection, connection.SubscriptionManager, subject, queueGroup: null, opts: null, CancellationToken.None)
{
    public static async Task<RawDeliveries> OpenAsync(NatsConnection connection, string subject, RawDelivery onMessage)
    {
        var deliveries = new RawDeliveries(connection, subject, onMessage);
        await connection.AddSubAsync(deliveries);
        return deliveries;
    }

    protected override ValueTask ReceiveInternalAsync(
        string subject,
        string? replyTo,
        ReadOnlySequence<byte>? headersBuffer,
        ReadOnlySequence<byte> payloadBuffer)
    {
        onMessage(replyTo, payloadBuffer);
        return ValueTask.CompletedTask;
    }

    protected override void TryComplete()
    {
    }
}

/// <summary>Called by the connection's reader; what it blocks, it blocks for all.</summary>
internal delegate void RawDelivery(string? replyTo, in ReadOnlySequence<byte> payload);
