using System.Buffers;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// A source's subscription at NATS, which the client library renews after a reconnect. It has no public call for the queue group and the
/// status messages of a consumer, so they are told apart here.
/// </summary>
internal sealed class DeliverySubscription(SourceContext context, DeliverySource source, string subject, string? queueGroup)
    : NatsSubBase(
        context.Link.Connection, context.Link.Connection.SubscriptionManager, subject, queueGroup, opts: null, CancellationToken.None)
{
    // The end of the request waits for the goodbye: one round trip, unless NATS does not answer.
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);

    private readonly Lock _leaveGate = new();
    private Task? _unsubscribing;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => context.Link.Connection.AddSubAsync(this, cancellationToken);

    /// <summary>Ends the subscription at NATS and lets what is on its way arrive. Once; who comes later waits for the same.</summary>
    public Task UnsubscribeWithFenceAsync()
    {
        lock (_leaveGate)
        {
            return _unsubscribing ??= UnsubscribeOnceAsync();
        }
    }

    /// <summary>Gives back what the client library holds for it.</summary>
    public ValueTask ReleaseAsync() => Exception is null ? base.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>For the client library: where it disposes a subscription, the source is over.</summary>
    public override ValueTask DisposeAsync() => source.DisposeAsync();

    protected override ValueTask ReceiveInternalAsync(
        string subject,
        string? replyTo,
        ReadOnlySequence<byte>? headersBuffer,
        ReadOnlySequence<byte> payloadBuffer)
    {
        // Told by the reply subject, because anybody may publish a message that looks like a status.
        if (AckSubject.TryParse(replyTo, out var sequence))
        {
            source.OnDelivery(subject, replyTo!, sequence, headersBuffer ?? default, payloadBuffer);
            return ValueTask.CompletedTask;
        }

        var status = payloadBuffer.IsEmpty ? NatsStatus.Read(headersBuffer) : NatsStatus.None;
        if (status != NatsStatus.None)
        {
            source.OnStatus(status, replyTo, headersBuffer!.Value);
        }
        else
        {
            source.OnForeign(payloadBuffer);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The client library ends a subscription by itself only when receiving failed; that must not stay unnoticed.</summary>
    protected override void TryComplete() => source.OnSubscriptionEnded(Exception);

    private async Task UnsubscribeOnceAsync()
    {
        using var timeLimit = new CancellationTokenSource(LeaveTimeout, context.Time);
        await context.Sender.LogFailureAsync(DrainAsync(timeLimit.Token).AsTask().WaitAsync(timeLimit.Token));
    }
}
