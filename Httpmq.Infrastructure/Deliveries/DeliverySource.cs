using System.Buffers;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Queues;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// What one subscriber receives: a subscription at NATS, the queue behind it, and the flow of its kind of consumer. When it is disposed,
/// what was received and not handed over is given back to JetStream at once.
/// </summary>
internal sealed class DeliverySource : IDeliverySource, IFlowSource
{
    private readonly SourceContext _context;
    private readonly DeliverySubscription _subscription;
    private readonly DeliveryQueue _queue;
    private readonly UnreadDeliveries _unread;
    private readonly IConsumerFlow _flow;
    private readonly ConsumerEntry _entry;
    private Error? _end;
    private long _arrival;
    private volatile bool _clockIsDue = true;
    private volatile bool _stopped;
    private int _closed;

    /// <param name="context">What the sources share.</param>
    /// <param name="consumer">The consumer as it was just read.</param>
    /// <param name="flow">How its consumer sends.</param>
    public DeliverySource(SourceContext context, ConsumerInfo consumer, Func<DeliverySource, IConsumerFlow> flow)
    {
        _context = context;
        Info = consumer;
        _queue = new DeliveryQueue(context.Shedding.Pending);
        _entry = context.Ledger.Get(consumer.StreamName, consumer.Name);
        var group = IsPush && consumer.Config.DeliverGroup is { Length: > 0 } named ? named : null;
        _subscription = new DeliverySubscription(
            context, this, consumer.Config.IsPush() ? consumer.Config.DeliverSubject! : Inbox.NewSubject(), group);
        _flow = flow(this);
        _unread = new UnreadDeliveries(
            context.Time,
            TimeSpan.FromTicks((consumer.Config.AckWait?.Nanoseconds ?? 0) / TimeSpan.NanosecondsPerTick),
            replyTo => Send(replyTo, _flow.Nak));
    }

    public string Stream => Info.StreamName;

    public string Consumer => Info.Name;

    public Error? End => Volatile.Read(ref _end);

    /// <summary>Bytes that wait for the subscriber.</summary>
    public long PendingBytes => _queue.Bytes;

    /// <summary>The consumer as it was when the subscription was opened.</summary>
    public ConsumerInfo Info { get; }

    public bool IsPush => Info.Config.IsPush();

    /// <inheritdoc cref="IConsumerFlow.WantsCheck"/>
    public bool WantsCheck => _flow.WantsCheck;

    public string Subject => _subscription.Subject;

    public bool IsOver => End is not null || IsClosed;

    public bool IsConnected => _context.Link.IsOpen;

    public bool HasRoom => _queue.Bytes < _context.Options.MaxPendingBytes / 2;

    private bool IsClosed => Volatile.Read(ref _closed) != 0;

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await _subscription.OpenAsync(cancellationToken);
        _flow.Start();
    }

    /// <inheritdoc cref="IConsumerFlow.OnOpened"/>
    public void OnOpened() => _flow.OnOpened();

    public ValueTask WaitAsync(bool held = false) => End is null ? _queue.WaitAsync(held) : ValueTask.CompletedTask;

    public void Wake() => _queue.Wake();

    public int Drain(IDeliverySink sink, int budget)
    {
        var count = _queue.Drain(sink, budget);
        if (count > 0)
        {
            _flow.OnDrained(count);
        }

        return count;
    }

    public void Finish(Error reason)
    {
        if (Interlocked.CompareExchange(ref _end, reason, comparand: null) is null)
        {
            _context.Logger.SourceEnds(Stream, Consumer, reason.ToString());
            _queue.Wake();
            _flow.OnFinished();
        }
    }

    public void FinishAndUnsubscribe(Error reason)
    {
        Finish(reason);
        _subscription.UnsubscribeWithFenceAsync().Forget();
    }

    /// <summary>Ends the subscription at NATS and lets what is on its way arrive; it can be drained then.</summary>
    public Task StopReceivingAsync()
    {
        _stopped = true;
        return _subscription.UnsubscribeWithFenceAsync();
    }

    public void RequestCheck() => _context.RequestCheck(this);

    public void Send(string subject, ReadOnlyMemory<byte> payload, string? replyTo = null) =>
        _context.Sender.Send(subject, payload, replyTo);

    /// <inheritdoc cref="IConsumerFlow.Refresh"/>
    public void Refresh(bool reconnected)
    {
        _clockIsDue = true;
        _flow.Refresh(reconnected);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        _unread.Keep(_queue.Close());
        _context.OnClosed(this);
        if (!IsConnected)
        {
            // Forgotten now it could still be renewed by a reconnect that is under way, and swallow messages for ever.
            _context.LeaveLater(this);
            return;
        }

        await LeaveAsync();
        await _subscription.ReleaseAsync();
    }

    /// <summary>
    /// Ends the subscription at NATS, lets what is on its way arrive, and then gives back what nobody will read. In this
    /// order: what is given back earlier comes right back here.
    /// </summary>
    public async Task LeaveAsync()
    {
        _unread.Keep(_queue.Close());
        await _subscription.UnsubscribeWithFenceAsync();
        _unread.GiveBack();
    }

    /// <summary>A message of the consumer arrived; called by the connection's reader, as the three below.</summary>
    public void OnDelivery(
        string subject,
        string replyTo,
        DeliverySequence sequence,
        in ReadOnlySequence<byte> headers,
        in ReadOnlySequence<byte> payload)
    {
        _entry.Saw(sequence);
        _flow.OnMessage();
        if (_context.Metrics.CountsRedeliveries && AckSubjectDetails.IsRedelivery(replyTo))
        {
            _context.Metrics.Redelivered();
        }

        if (_clockIsDue)
        {
            _clockIsDue = false;
            _arrival = _context.Time.GetTimestamp();
        }

        if (!_queue.TryAdd(subject, replyTo, sequence, _arrival, headers, payload))
        {
            _unread.Keep([new QueuedDelivery(subject, replyTo, sequence, _arrival, [], 0, 0, 0)]);
            return;
        }

        _flow.OnQueued();
        if (_queue.Bytes > _context.Options.MaxPendingBytes && End is null)
        {
            _context.Logger.SubscriberTooSlow(Stream, Consumer, _queue.Bytes);
            FinishAndUnsubscribe(SubscriptionErrors.Slow(_queue.Bytes));
        }
        else if (_context.Shedding.Pending.IsExceeded)
        {
            _context.Shedding.MakeRoom();
        }
    }

    public void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers) => _flow.OnStatus(status, replyTo, headers);

    public void OnForeign(in ReadOnlySequence<byte> payload) => _flow.OnForeign(payload);

    public void OnSubscriptionEnded(Exception? exception)
    {
        if (!IsClosed && !_stopped)
        {
            Finish(SubscriptionErrors.Failed(exception?.Message));
        }
    }
}
