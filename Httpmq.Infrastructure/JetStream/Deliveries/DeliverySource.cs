using System.Buffers;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.JetStream.Deliveries;

/// <summary>What the sources share.</summary>
internal sealed record SourceContext(
    NatsLink Link,
    NatsOptions Options,
    ConsumerLedger Ledger,
    TimeProvider Time,
    ILogger Logger,
    Action<DeliverySource> OnClosed);

/// <summary>
/// One subscriber's subscription at NATS. The client library renews it after a reconnect; what it receives is queued for the
/// one reader. When it is disposed, what was received and not handed over is given back to JetStream at once.
/// </summary>
internal abstract class DeliverySource : NatsSubBase, IDeliverySource
{
    private static readonly byte[] Nak = "-NAK"u8.ToArray();

    private readonly DeliveryQueue _queue = new();
    private readonly ConsumerEntry _entry;
    private Error? _end;
    private int _closed;

    protected DeliverySource(SourceContext context, ConsumerInfo consumer, string subject, string? queueGroup)
        : base(context.Link.Connection, context.Link.Connection.SubscriptionManager, subject, queueGroup, opts: null, CancellationToken.None)
    {
        Context = context;
        Info = consumer;
        _entry = context.Ledger.Get(consumer.StreamName, consumer.Name);
    }

    public string Stream => Info.StreamName;

    public string Consumer => Info.Name;

    public Error? End => Volatile.Read(ref _end);

    /// <summary>The consumer as it was when the subscription was opened.</summary>
    public ConsumerInfo Info { get; }

    protected SourceContext Context { get; }

    /// <summary>The end of a subscription whose consumer is not there any more.</summary>
    public static Error Gone(string reason) => new(ErrorKind.NotFound, "Subscription ended", reason);

    public abstract Task OpenAsync(CancellationToken cancellationToken);

    public ValueTask WaitAsync() => End is null ? _queue.WaitAsync() : ValueTask.CompletedTask;

    public void Wake() => _queue.Wake();

    public int Drain(IDeliverySink sink, int budget)
    {
        var count = _queue.Drain(sink, budget);
        if (count > 0)
        {
            OnDrained(count);
        }

        return count;
    }

    /// <summary>Ends the subscription with a reason that the subscriber is told; the first reason stays.</summary>
    public void Finish(Error reason)
    {
        if (Interlocked.CompareExchange(ref _end, reason, comparand: null) is null)
        {
            Context.Logger.SourceEnds(Stream, Consumer, reason.Detail);
            _queue.Wake();
        }
    }

    /// <summary>Called after a reconnect, and from time to time.</summary>
    public virtual void Refresh(bool reconnected)
    {
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        Context.OnClosed(this);
        await base.DisposeAsync();
        foreach (var delivery in _queue.Close())
        {
            Send(delivery.ReplyTo, Nak);
        }
    }

    protected override ValueTask ReceiveInternalAsync(
        string subject,
        string? replyTo,
        ReadOnlySequence<byte>? headersBuffer,
        ReadOnlySequence<byte> payloadBuffer)
    {
        var status = NatsStatusOf(headersBuffer, payloadBuffer);
        if (status != Requests.NatsStatus.None)
        {
            OnStatus(status, replyTo, headersBuffer!.Value);
            return ValueTask.CompletedTask;
        }

        // Anything else on a deliver subject was not sent by the consumer.
        if (!AckSubject.TryParse(replyTo, out var sequence))
        {
            return ValueTask.CompletedTask;
        }

        _entry.Raise(sequence.Stream);
        OnMessage();
        if (End is null && _queue.TryAdd(subject, replyTo!, sequence, payloadBuffer) && _queue.Bytes > Context.Options.MaxPendingBytes)
        {
            Context.Logger.SubscriberTooSlow(Stream, Consumer, _queue.Bytes);
            Finish(new Error(ErrorKind.TooMany, "Subscription ended", $"the client is too slow: {_queue.Bytes} bytes wait for it"));
        }

        return ValueTask.CompletedTask;
    }

    protected override void TryComplete()
    {
    }

    /// <summary>A message of the consumer arrived.</summary>
    protected virtual void OnMessage()
    {
    }

    /// <summary>The subscriber took some messages.</summary>
    protected virtual void OnDrained(int count)
    {
    }

    /// <summary>The server said something about the subscription.</summary>
    protected abstract void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers);

    /// <summary>Sends without waiting; a failure shows in what the server does next.</summary>
    protected void Send(string subject, ReadOnlyMemory<byte> payload, string? replyTo = null)
    {
        if (!Context.Link.IsOpen)
        {
            return;
        }

        var sending = Context.Link.Connection.PublishAsync(
            subject,
            payload,
            replyTo: replyTo,
            serializer: NatsRawSerializer<ReadOnlyMemory<byte>>.Default);
        if (!sending.IsCompletedSuccessfully)
        {
            LogFailureAsync(sending.AsTask()).Forget();
        }
    }

    private async Task LogFailureAsync(Task sending)
    {
        try
        {
            await sending;
        }
        catch (Exception exception) when (exception is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            Context.Logger.SendFailed(exception.Message);
        }
    }

    private static int NatsStatusOf(in ReadOnlySequence<byte>? headers, in ReadOnlySequence<byte> payload) =>
        payload.IsEmpty ? Requests.NatsStatus.Read(headers) : Requests.NatsStatus.None;
}

internal static class TaskExtensions
{
    /// <summary>Says that a task which handles its own failures is not awaited on purpose.</summary>
    public static void Forget(this Task task) => _ = task;
}
