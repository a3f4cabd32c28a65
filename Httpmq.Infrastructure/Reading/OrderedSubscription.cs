using System.Buffers;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Reading;

/// <summary>Where a replay's consumer, or a stream's publishers, are heard.</summary>
/// <param name="connection">Where.</param>
/// <param name="subject">What.</param>
/// <param name="received">Takes each message, on the connection's reader.</param>
/// <param name="ended">Called when the subscription ends, whoever ends it.</param>
internal sealed class OrderedSubscription(NatsConnection connection, string subject, MessageReceiver received, Action ended)
    : NatsSubBase(connection, connection.SubscriptionManager, subject, queueGroup: null, opts: null, CancellationToken.None)
{
    protected override ValueTask ReceiveInternalAsync(
        string subject,
        string? replyTo,
        ReadOnlySequence<byte>? headersBuffer,
        ReadOnlySequence<byte> payloadBuffer)
    {
        received(subject, replyTo, headersBuffer ?? default, payloadBuffer);
        return ValueTask.CompletedTask;
    }

    protected override void TryComplete() => ended();
}

/// <summary>Takes a message.</summary>
internal delegate void MessageReceiver(
    string subject, string? replyTo, in ReadOnlySequence<byte> headers, in ReadOnlySequence<byte> payload);
