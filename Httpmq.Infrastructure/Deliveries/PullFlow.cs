using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// Asks a pull consumer for messages, never for more than agreed beyond what the subscriber has taken, nor for more than it has credit for:
/// what is asked for counts as delivered. The server serves all that ask in turn, so any number of subscribers on any instances share the
/// messages.
/// </summary>
/// <param name="source">Whose flow it is.</param>
/// <param name="consumer">The consumer.</param>
/// <param name="maxInflight">Messages asked for ahead of the subscriber, at most.</param>
/// <param name="credit">What the subscriber takes; null: any number.</param>
/// <param name="options">The prefix of the API, and how long the server keeps a request; it is renewed then.</param>
/// <param name="time">The clock.</param>
/// <param name="stopping">The process stops.</param>
internal sealed class PullFlow(
    IFlowSource source,
    ConsumerInfo consumer,
    int maxInflight,
    DeliveryCredit? credit,
    NatsOptions options,
    TimeProvider time,
    CancellationToken stopping) : IConsumerFlow
{
    private static readonly byte[] AtOnce = "-NAK"u8.ToArray();

    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromSeconds(10);

    // While it is open whether the server takes requests at all: one beyond max_waiting is dropped without an answer (2.15.1).
    private static readonly TimeSpan UnsureHeartbeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestExpires = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly string _call = options.ApiSubject($"CONSUMER.MSG.NEXT.{consumer.StreamName}.{consumer.Name}");
    private TimeSpan _expires = options.PullExpires;
    private int _maxBatch = int.MaxValue;
    private int _lastBatch;
    private int _asked;
    private int _queued;
    private TimeSpan _pause = FirstPause;
    private bool _pausing;
    private bool _sure;
    private TimeSpan _heartbeat = LongestHeartbeat;
    private long _lastSign = time.GetTimestamp();

    // The server shows so often that it keeps a request.
    private TimeSpan Heartbeat => TimeSpan.FromTicks(Math.Min(_expires.Ticks / 4, (_sure ? LongestHeartbeat : UnsureHeartbeat).Ticks));

    public ReadOnlyMemory<byte> Nak => AtOnce;

    /// <summary>The server's heartbeats tell, or their absence.</summary>
    public bool WantsCheck => false;

    public void Start()
    {
        if (credit is not null)
        {
            credit.Added += Ask;
        }

        Ask();
    }

    public void OnOpened()
    {
    }

    /// <summary>
    /// Asks again where two signs of life are missing; a server before 2.10 does not answer where the consumer is gone. After a reconnect
    /// the server may or may not have kept the request: rather ask twice than wait for one that is gone.
    /// </summary>
    public void Refresh(bool reconnected)
    {
        if (reconnected || time.GetElapsedTime(Volatile.Read(ref _lastSign)) > 2 * ExpectedHeartbeat())
        {
            lock (_gate)
            {
                _asked = 0;
                _sure = false;
                _lastSign = time.GetTimestamp();
            }

            Ask();
            if (!reconnected)
            {
                source.RequestCheck();
            }
        }
    }

    public void OnMessage()
    {
        Volatile.Write(ref _lastSign, time.GetTimestamp());
        lock (_gate)
        {
            _asked = Math.Max(0, _asked - 1);
            _queued++;
            _sure = true;
            _pause = FirstPause;
        }
    }

    public void OnDrained(int count)
    {
        lock (_gate)
        {
            _queued = Math.Max(0, _queued - count);
        }

        Ask();
    }

    public void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers)
    {
        Volatile.Write(ref _lastSign, time.GetTimestamp());
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
                source.RequestCheck();
                break;
            case NatsStatus.RequestTimeout:
                OnOver(headers);
                Ask();
                break;
            case NatsStatus.Conflict:
                OnConflict(headers);
                break;
            case NatsStatus.BadRequest:
                source.Finish(SubscriptionErrors.Refused(StatusHeaders.Text(headers)));
                break;
            default:
                OnRefused(headers);
                break;
        }
    }

    /// <summary>Where nothing is asked for, nothing comes.</summary>
    private TimeSpan ExpectedHeartbeat()
    {
        lock (_gate)
        {
            return _asked > 0 ? _heartbeat : LongestHeartbeat;
        }
    }

    private void OnConflict(in ReadOnlySequence<byte> headers)
    {
        switch (StatusHeaders.ReadConflict(headers))
        {
            case PullConflict.ConsumerDeleted:
                source.Finish(SubscriptionErrors.Deleted);
                break;
            case PullConflict.BecamePush:
                source.Finish(SubscriptionErrors.Pushed);
                break;
            case PullConflict.BatchTooLarge:
                OnTooMuch(batch: true, headers);
                break;
            case PullConflict.ExpiresTooLong:
                OnTooMuch(batch: false, headers);
                break;
            default:
                OnRefused(headers);
                break;
        }
    }

    public void OnForeign(in ReadOnlySequence<byte> payload)
    {
    }

    /// <summary>A request is over; the pending header tells what is left of it.</summary>
    private void OnOver(in ReadOnlySequence<byte> headers)
    {
        var left = int.TryParse(
            StatusHeaders.Find(headers, JetStreamHeaders.PendingMessages), CultureInfo.InvariantCulture, out var pending);
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
            await Task.Delay(pause, time, stopping);
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
                source.Finish(SubscriptionErrors.Refused(StatusHeaders.Text(headers)));
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
            // What waits in the queue has not used its credit yet.
            var window = (int)Math.Min(maxInflight, credit?.Left ?? maxInflight);
            var most = Math.Min(window, _maxBatch);
            var batch = Math.Min(window - _asked - _queued, most);
            if (batch <= 0 || batch < most - (most / 2) || source.IsOver || !source.IsConnected)
            {
                return;
            }

            _lastBatch = batch;
            _asked += batch;
            _heartbeat = Heartbeat;
            request = new PullRequest(batch, _expires.Ticks * TimeSpan.NanosecondsPerTick, _heartbeat.Ticks * TimeSpan.NanosecondsPerTick);
        }

        source.Send(_call, JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.PullRequest), replyTo: source.Subject);
    }
}
