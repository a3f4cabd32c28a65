using System.Buffers;
using Httpmq.Domain.Messages;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// One subscriber's subscription at NATS. The client library renews it after a reconnect; what it receives is queued for the
/// one reader. When it is disposed, what was received and not handed over is given back to JetStream at once.
/// </summary>
internal abstract class DeliverySource : NatsSubBase, IDeliverySource
{
    private static readonly byte[] AtOnce = "-NAK"u8.ToArray();

    // The end of the request waits for the goodbye: one round trip, unless NATS does not answer.
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(2);

    private readonly DeliveryQueue _queue;
    private readonly ConsumerEntry _entry;
    private readonly Lock _leaveGate = new();
    private readonly Lock _leftGate = new();
    private List<QueuedDelivery> _left = [];
    private Task? _unsubscribing;
    private Error? _end;
    private long _arrival;
    private volatile bool _clockIsDue = true;
    private bool _gaveBack;
    private int _closed;
    private int _looking;

    protected DeliverySource(SourceContext context, ConsumerInfo consumer, string subject, string? queueGroup)
        : base(context.Link.Connection, context.Link.Connection.SubscriptionManager, subject, queueGroup, opts: null, CancellationToken.None)
    {
        Context = context;
        Info = consumer;
        _queue = new DeliveryQueue(context.Pending);
        _entry = context.Ledger.Get(consumer.StreamName, consumer.Name);
    }

    public string Stream => Info.StreamName;

    public string Consumer => Info.Name;

    public Error? End => Volatile.Read(ref _end);

    /// <summary>Bytes that wait for the subscriber.</summary>
    public long PendingBytes => _queue.Bytes;

    /// <summary>The consumer as it was when the subscription was opened.</summary>
    public ConsumerInfo Info { get; }

    /// <summary>Whether it is worth the question if the consumer still sends here; asked of each from time to time.</summary>
    public virtual bool WantsCheck => false;

    protected SourceContext Context { get; }

    /// <summary>What tells JetStream that a message was not handed over.</summary>
    protected virtual ReadOnlyMemory<byte> Nak => AtOnce;

    /// <summary>Nobody will read any more.</summary>
    protected bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>The ends of a subscription whose consumer is not there any more.</summary>
    public static Error ConsumerDeleted { get; } = new(SubscriptionErrorTypes.ConsumerDeleted, "Subscription ended", "the consumer was deleted");

    /// <inheritdoc cref="ConsumerDeleted"/>
    public static Error ConsumerReplaced { get; } =
        new(SubscriptionErrorTypes.ConsumerReplaced, "Subscription ended", "the consumer was replaced; subscribe again");

    /// <inheritdoc cref="ConsumerDeleted"/>
    public static Error StreamDeleted { get; } = new(SubscriptionErrorTypes.StreamDeleted, "Subscription ended", "the stream was deleted");

    public abstract Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Called when the consumer was seen after the server had the subscription.</summary>
    public virtual void OnOpened()
    {
    }

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

    /// <summary>False where somebody looks at the consumer already.</summary>
    public bool TryBeginLook() => Interlocked.Exchange(ref _looking, 1) == 0;

    public void EndLook() => Volatile.Write(ref _looking, 0);

    /// <summary>Called after a reconnect, and every second.</summary>
    public virtual void Refresh(bool reconnected) => _clockIsDue = true;

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        Keep(_queue.Close());
        Context.OnClosed(this);
        if (!Context.Link.IsOpen)
        {
            // Forgotten now it could still be renewed by a reconnect that is under way, and swallow messages for ever.
            Context.LeaveLater(this);
            return;
        }

        await LeaveAsync();
        if (Exception is null)
        {
            await base.DisposeAsync();
        }
    }

    /// <summary>
    /// Ends the subscription at NATS, lets what is on its way arrive, and then gives back what nobody will read. In this
    /// order: what is given back earlier comes right back here.
    /// </summary>
    public async Task LeaveAsync()
    {
        Keep(_queue.Close());
        await UnsubscribeWithFenceAsync();
        GiveBack();
    }

    /// <summary>
    /// Ends the subscription and lets go of what waits for it: it holds more than all others, and together they hold too much.
    /// </summary>
    public Task ShedAsync()
    {
        var waiting = PendingBytes;
        Context.Logger.SubscriberTooSlow(Stream, Consumer, waiting);
        Finish(new Error(
            SubscriptionErrorTypes.TooSlow,
            "Subscription ended",
            $"the client is too slow: {waiting} bytes wait for it, and {Context.Pending.Limit} may wait for all subscribers together (limits.max_total_pending_bytes)"));
        return LeaveAsync();
    }

    protected override ValueTask ReceiveInternalAsync(
        string subject,
        string? replyTo,
        ReadOnlySequence<byte>? headersBuffer,
        ReadOnlySequence<byte> payloadBuffer)
    {
        // Told by the reply subject, because anybody may publish a message that looks like a status.
        if (!AckSubject.TryParse(replyTo, out var sequence))
        {
            OnOther(replyTo, headersBuffer, payloadBuffer);
            return ValueTask.CompletedTask;
        }

        _entry.Saw(sequence);
        OnMessage();
        if (_clockIsDue)
        {
            _clockIsDue = false;
            _arrival = Context.Time.GetTimestamp();
        }

        if (!_queue.TryAdd(subject, replyTo!, sequence, _arrival, payloadBuffer))
        {
            Keep([new QueuedDelivery(subject, replyTo!, sequence, _arrival, [], 0, 0)]);
        }
        else if (_queue.Bytes > Context.Options.MaxPendingBytes && End is null)
        {
            Context.Logger.SubscriberTooSlow(Stream, Consumer, _queue.Bytes);
            FinishAndUnsubscribe(new Error(SubscriptionErrorTypes.TooSlow, "Subscription ended", $"the client is too slow: {_queue.Bytes} bytes wait for it"));
        }
        else if (Context.Pending.IsExceeded)
        {
            Context.MakeRoom();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The client library ends a subscription by itself only when receiving failed; that must not stay unnoticed.</summary>
    protected override void TryComplete()
    {
        if (!IsClosed)
        {
            Finish(new Error(SubscriptionErrorTypes.Broken, "Subscription ended", Exception?.Message ?? "the connection to NATS was closed"));
        }
    }

    /// <summary>
    /// Ends the subscription here and at NATS. Not only when the client notices: it may never read again, and others are waiting.
    /// </summary>
    protected void FinishAndUnsubscribe(Error reason)
    {
        Finish(reason);
        UnsubscribeWithFenceAsync().Forget();
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

    /// <summary>Something came that is neither the consumer's nor the server's.</summary>
    protected virtual void OnForeign(in ReadOnlySequence<byte> payload)
    {
    }

    /// <summary>Whether the subscriber has taken enough to be sent more.</summary>
    protected bool HasRoom => _queue.Bytes < Context.Options.MaxPendingBytes / 2;

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

    /// <summary>Keeps what nobody will read until the server sends no more.</summary>
    private void Keep(List<QueuedDelivery> deliveries)
    {
        lock (_leftGate)
        {
            _left.AddRange(deliveries);
            if (!_gaveBack)
            {
                return;
            }
        }

        GiveBack();
    }

    /// <summary>
    /// What waited for longer than the ack wait somebody else has by now: a NAK would take it from them. Measured with our own clock since it
    /// arrived: the time in the reply subject is that of the message, and by the server's clock.
    /// </summary>
    private void GiveBack()
    {
        List<QueuedDelivery> left;
        lock (_leftGate)
        {
            _gaveBack = true;
            (left, _left) = (_left, []);
        }

        foreach (var delivery in left.Where(delivery =>
            Context.Time.GetElapsedTime(delivery.At).Ticks < Info.Config.AckWait / TimeSpan.NanosecondsPerTick))
        {
            Send(delivery.ReplyTo, Nak);
        }
    }

    private void OnOther(string? replyTo, in ReadOnlySequence<byte>? headers, in ReadOnlySequence<byte> payload)
    {
        var status = payload.IsEmpty ? NatsStatus.Read(headers) : NatsStatus.None;
        if (status != NatsStatus.None)
        {
            OnStatus(status, replyTo, headers!.Value);
        }
        else
        {
            OnForeign(payload);
        }
    }

    private Task UnsubscribeWithFenceAsync()
    {
        lock (_leaveGate)
        {
            return _unsubscribing ??= UnsubscribeOnceAsync();
        }
    }

    private async Task UnsubscribeOnceAsync()
    {
        using var patience = new CancellationTokenSource(LeavePatience, Context.Time);
        await LogFailureAsync(DrainAsync(patience.Token).AsTask().WaitAsync(patience.Token));
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
}
