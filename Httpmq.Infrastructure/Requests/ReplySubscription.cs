using System.Buffers;
using Httpmq.Infrastructure.Connection;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Requests;

/// <summary>The subscription to the answers of all requests.</summary>
/// <param name="connection">Where.</param>
/// <param name="subject">What, with a wildcard.</param>
/// <param name="received">Takes each answer, on the connection's reader.</param>
/// <param name="ended">Called when the subscription ends, whoever ends it.</param>
/// <param name="logger">For the log.</param>
internal sealed class ReplySubscription(
    NatsConnection connection,
    string subject,
    ReplyReceiver received,
    Action<ReplySubscription> ended,
    ILogger logger)
    : NatsSubBase(connection, connection.SubscriptionManager, subject, queueGroup: null, opts: null, CancellationToken.None)
{
    private readonly PubAckReader _reader = new();

    public NatsConnection On => connection;

    protected override ValueTask ReceiveInternalAsync(
        string subject,
        string? replyTo,
        ReadOnlySequence<byte>? headersBuffer,
        ReadOnlySequence<byte> payloadBuffer)
    {
        try
        {
            received(subject, _reader.Read(headersBuffer, payloadBuffer));
        }
        catch (Exception exception)
        {
            // Whatever it is: the client library would end the subscription, and with it every publish and acknowledgement.
            logger.ReplyUnreadable(exception);
        }

        return ValueTask.CompletedTask;
    }

    protected override void TryComplete() => ended(this);
}

/// <summary>Takes an answer and the subject that it came on.</summary>
internal delegate void ReplyReceiver(string subject, in Reply reply);
