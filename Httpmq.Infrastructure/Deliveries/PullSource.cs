using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// Asks a pull consumer for messages, never for more than <paramref name="maxInflight"/> beyond what the subscriber has
/// taken. The server serves all that ask in turn, so any number of subscribers on any instances share the messages.
/// </summary>
internal sealed class PullSource(SourceContext context, ConsumerInfo consumer, int maxInflight)
    : DeliverySource(context, consumer, Inbox.NewSubject(), queueGroup: null)
{
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromSeconds(10);

    // While it is open whether the server takes requests at all: one beyond max_waiting is dropped without an answer (2.15.1).
    private static readonly TimeSpan UnsureHeartbeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestExpires = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly string _call = $"$JS.API.CONSUMER.MSG.NEXT.{consumer.StreamName}.{consumer.Name}";
    private TimeSpan _expires = context.Options.PullExpires;
    private int _maxBatch = int.MaxValue;
    private int _lastBatch;
    private int _asked;
    private int _queued;
    private TimeSpan _pause = FirstPause;
    private bool _pausing;
    private bool _sure;
    private TimeSpan _heartbeat = LongestHeartbeat;
    private long _lastSign = context.Time.GetTimestamp();

    // The server shows so often that it keeps a request.
    private TimeSpan Heartbeat => TimeSpan.FromTicks(Math.Min(_expires.Ticks / 4, (_sure ? LongestHeartbeat : UnsureHeartbeat).Ticks));

    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        await Context.Link.Connection.AddSubAsync(this, cancellationToken);
        Ask();
    }

    /// <summary>
    /// Asks again where two signs of life are missing; a server before 2.10 does not answer where the consumer is gone. After a reconnect the
    /// server may or may not have kept the request: rather ask twice than wait for one that is gone.
    /// </summary>
    public override void Refresh(bool reconnected)
    {
        base.Refresh(reconnected);
        if (reconnected || Context.Time.GetElapsedTime(Volatile.Read(ref _lastSign)) > 2 * _heartbeat)
        {
            lock (_gate)
            {
                _asked = 0;
                _sure = false;
                _lastSign = Context.Time.GetTimestamp();
            }

            Ask();
            if (!reconnected)
            {
                Context.Look(this);
            }
        }
    }

    protected override void OnMessage()
    {
        Volatile.Write(ref _lastSign, Context.Time.GetTimestamp());
        lock (_gate)
        {
            _asked = Math.Max(0, _asked - 1);
            _queued++;
            _sure = true;
            _pause = FirstPause;
        }
    }

    protected override void OnDrained(int count)
    {
        lock (_gate)
        {
            _queued = Math.Max(0, _queued - count);
        }

        Ask();
    }

    protected override void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers)
    {
        Volatile.Write(ref _lastSign, Context.Time.GetTimestamp());
        switch (status)
        {
            case NatsStatus.Control:
                // A request is kept.
                lock (_gate)
                {
                    _sure = true;
                    _pause = FirstPause;
                }

                break;
            case NatsStatus.NoResponders:
                // Gone, or without a leader: from 2.10 on this is said at once.
                OnRefused(headers);
                Context.Look(this);
                break;
            case NatsStatus.RequestTimeout:
                OnOver(headers);
                Ask();
                break;
            case NatsStatus.Conflict when StatusHeaders.Contain(headers, "Consumer Deleted"u8):
                Finish(ConsumerDeleted);
                break;
            case NatsStatus.Conflict when StatusHeaders.Contain(headers, "push based"u8):
                Finish(new Error(SubscriptionErrorTypes.BecamePush, "Subscription ended", "the consumer was replaced by a push consumer"));
                break;
            case NatsStatus.Conflict when StatusHeaders.Contain(headers, "Exceeded MaxRequestBatch"u8):
                OnTooMuch(batch: true, headers);
                break;
            case NatsStatus.Conflict when StatusHeaders.Contain(headers, "Exceeded MaxRequestExpires"u8):
                OnTooMuch(batch: false, headers);
                break;
            case NatsStatus.BadRequest:
                Finish(new Error(SubscriptionErrorTypes.PullRefused, "Subscription ended", $"JetStream refused to be asked for messages: {StatusHeaders.Text(headers)}"));
                break;
            default:
                // Too many requests wait, another leader, a server that stops.
                OnRefused(headers);
                break;
        }
    }

    /// <summary>A request is over; the pending header tells what is left of it.</summary>
    private void OnOver(in ReadOnlySequence<byte> headers)
    {
        var left = int.TryParse(StatusHeaders.Find(headers, "Nats-Pending-Messages:"u8), CultureInfo.InvariantCulture, out var pending);
        lock (_gate)
        {
            _asked = Math.Max(0, _asked - (left ? pending : _lastBatch));
        }
    }

    /// <summary>Asks again after a pause that grows while requests are refused, or the two keep each other busy.</summary>
    private void OnRefused(in ReadOnlySequence<byte> headers)
    {
        OnOver(headers);
        TimeSpan pause;
        lock (_gate)
        {
            if (_pausing)
            {
                return;
            }

            _pausing = true;
            pause = _pause;
            _pause = _pause < LongestPause / 2 ? 2 * _pause : LongestPause;
        }

        AskLaterAsync(pause).Forget();
    }

    private async Task AskLaterAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, Context.Time, Context.Stopping);
        }
        catch (OperationCanceledException)
        {
            // The process stops.
            return;
        }

        lock (_gate)
        {
            _pausing = false;
        }

        Ask();
    }

    /// <summary>The consumer limits requests, and the server does not tell the limit in a form to rely on: asks for half.</summary>
    private void OnTooMuch(bool batch, in ReadOnlySequence<byte> headers)
    {
        lock (_gate)
        {
            _asked = Math.Max(0, _asked - _lastBatch);
            if (batch ? _lastBatch <= 1 : _expires / 2 < ShortestExpires)
            {
                Finish(new Error(SubscriptionErrorTypes.PullRefused, "Subscription ended", $"JetStream refused to be asked for messages: {StatusHeaders.Text(headers)}"));
                return;
            }

            _maxBatch = batch ? _lastBatch / 2 : _maxBatch;
            _expires = batch ? _expires : _expires / 2;
        }

        Ask();
    }

    /// <summary>Asks for as much as is free, once that is half of what may be in flight: not for each message.</summary>
    private void Ask()
    {
        PullRequest request;
        lock (_gate)
        {
            var most = Math.Min(maxInflight, _maxBatch);
            var batch = Math.Min(maxInflight - _asked - _queued, most);
            if (batch < most - (most / 2) || End is not null || IsClosed || !Context.Link.IsOpen)
            {
                return;
            }

            _lastBatch = batch;
            _asked += batch;
            _heartbeat = Heartbeat;
            request = new PullRequest(batch, _expires.Ticks * TimeSpan.NanosecondsPerTick, _heartbeat.Ticks * TimeSpan.NanosecondsPerTick);
        }

        Send(_call, JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.PullRequest), replyTo: Subject);
    }
}
