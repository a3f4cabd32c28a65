using System.IO.Pipelines;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Api.Tracing;
using Httpmq.Application.Subscriptions;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Subscriptions;

/// <summary>Why a pump ended.</summary>
internal enum PumpEnd
{
    /// <summary>The client closed its side or its connection.</summary>
    ClientGone,

    /// <summary>The gateway stops.</summary>
    Stopping,

    /// <summary>The source ended: consumer gone, client too slow.</summary>
    SourceEnded,

    /// <summary>The client sent what cannot be taken.</summary>
    Refused,
}

/// <summary>How deliveries reach a client.</summary>
/// <param name="Output">Where they are written.</param>
/// <param name="Framing">How they are written there.</param>
/// <param name="Gone">Cancelled when the client is gone.</param>
internal sealed record Subscriber(PipeWriter Output, IFraming Framing, CancellationToken Gone)
{
    /// <summary>After how long without anything else a sign of life is written; null: never.</summary>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>Acknowledges what was written; null: the client does.</summary>
    public AutoAcknowledgement? Acknowledgement { get; init; }

    /// <summary>What the client says meanwhile; null: it cannot say anything.</summary>
    public SubscriberInbox? Inbox { get; init; }

    /// <summary>Traces what is written; null: nobody traces.</summary>
    public DeliverySpans? Spans { get; init; }

    /// <summary>Counts what is delivered; null: nobody does.</summary>
    public SessionMetrics? Metrics { get; init; }
}

/// <summary>
/// Moves messages from one source to one response: one loop, one reader, one writer, no locks. It writes all that is ready,
/// flushes once, and waits; the flush is the back-pressure.
/// </summary>
/// <param name="http">The request.</param>
/// <param name="source">Where the deliveries come from.</param>
/// <param name="subscriber">How they reach the client.</param>
/// <param name="time">The clock.</param>
/// <param name="stopping">The gateway is stopping.</param>
internal sealed class SubscriptionPump(
    HttpContext http, IDeliverySource source, Subscriber subscriber, TimeProvider time, CancellationToken stopping) : IOpenStream
{
    // A flush per so many bytes at most, so that a big backlog neither fills the memory nor keeps the client waiting.
    private const int BytesPerFlush = 64 * 1024;

    private static readonly TimeSpan LongestAccess = TimeSpan.FromDays(40);

    private readonly IFraming _framing = subscriber.Framing;
    private readonly SubscriberInbox? _inbox = subscriber.Inbox;
    private readonly IDeliverySink _sink = SinkOf(subscriber);

    // Whether the heartbeat's time has passed since the last flush.
    private bool _isBeatDue;
    private ITimer? _beats;

    private readonly MeasuredFlush _flush = new(subscriber.Output, time, subscriber.Gone);

    // Who has shown nothing that can end has neither.
    private readonly Caller? _caller = http.Features.Get<Caller>();
    private bool _isExpired;

    public string RequestId => http.TraceIdentifier;

    public string Principal => _caller?.Name ?? AccessLogMiddleware.Nobody;

    public string Description => $"the subscription to {source.Stream}/{source.Consumer}";

    public TimeSpan Stalled => _flush.Stalled;

    public string ConnectionId => http.Connection.Id;

    public bool HoldsBody => _inbox?.IsFull ?? false;

    public bool IsEnding => source.End is not null || _inbox?.End is not null;

    public long Deliveries { get; private set; }

    public long Bytes => _framing.Bytes;

    /// <summary>Why it ended from this side; null: it goes on, or the client left.</summary>
    public Error? Reason { get; private set; }

    /// <summary>Whether the gateway cut the client off.</summary>
    public bool IsCutOff { get; private set; }

    private bool HasCredit => _inbox?.HasCredit ?? true;

    public void Abort()
    {
        IsCutOff = true;
        http.Abort();
    }

    public async Task<PumpEnd> RunAsync()
    {
        var aborted = subscriber.Gone;
        using var gone = aborted.UnsafeRegister(static state => ((IDeliverySource)state!).Wake(), source);
        using var stop = stopping.UnsafeRegister(static state => ((IDeliverySource)state!).Wake(), source);
        using var beats = subscriber.Heartbeat is { } interval
            ? time.CreateTimer(static state => ((SubscriptionPump)state!).Beat(), this, interval, Timeout.InfiniteTimeSpan)
            : null;
        _beats = beats;
        using var withdrawn = _caller?.Ended.UnsafeRegister(static state => ((IDeliverySource)state!).Wake(), source);
        using var expiry = StartExpiry();
        try
        {
            // The client learns that it is subscribed before there is a message.
            _framing.WriteOpen();
            await _flush.TryAsync();
            while (true)
            {
                if (aborted.IsCancellationRequested)
                {
                    return PumpEnd.ClientGone;
                }

                if (stopping.IsCancellationRequested)
                {
                    return await EndAsync(HttpErrors.Stopping, PumpEnd.Stopping);
                }

                if (FindEndOfAccess() is { } over)
                {
                    return await EndAsync(over, PumpEnd.Refused);
                }

                if (_inbox?.End is { } refusal)
                {
                    return await EndAsync(refusal, PumpEnd.Refused);
                }

                if (WriteAnswers())
                {
                    if (!await FlushAsync())
                    {
                        return PumpEnd.ClientGone;
                    }
                }
                else if (HasCredit && Drain() is > 0 and var count)
                {
                    var isTaken = await FlushAsync();
                    subscriber.Spans?.End(count, isTaken);
                    if (!isTaken)
                    {
                        return PumpEnd.ClientGone;
                    }

                    if (subscriber.Acknowledgement is { } acknowledgement)
                    {
                        await acknowledgement.SendAsync(aborted);
                    }
                }
                else if (source.End is { } end)
                {
                    return await EndAsync(end, PumpEnd.SourceEnded);
                }
                else if (Volatile.Read(ref _isBeatDue))
                {
                    _framing.WriteKeepAlive(time.GetUtcNow());
                    if (!await FlushAsync())
                    {
                        return PumpEnd.ClientGone;
                    }
                }
                else
                {
                    await source.WaitAsync(held: !HasCredit);
                }
            }
        }
        finally
        {
            AccessLogMiddleware.CountBytes(http, _framing.Bytes);
        }
    }

    /// <summary>Writes deliveries that are ready, up to a flush.</summary>
    private int Drain()
    {
        var before = _framing.Bytes;
        var count = source.Drain(_sink, BytesPerFlush);
        if (count > 0)
        {
            Deliveries += count;
            subscriber.Metrics?.Delivered(count, _framing.Bytes - before);
        }

        return count;
    }

    /// <summary>Why the subscriber may not go on; null: they may.</summary>
    private Error? FindEndOfAccess() =>
        Volatile.Read(ref _isExpired) ? AccessErrors.Expired
        : _caller?.Ended.IsCancellationRequested is true ? AccessErrors.Withdrawn
        : null;

    private ITimer? StartExpiry()
    {
        if (_caller?.Expires is not { } expires)
        {
            return null;
        }

        // Timers take 49 days; nobody's stream is open for longer without a new token.
        var left = expires - time.GetUtcNow();
        var due = left < TimeSpan.Zero ? TimeSpan.Zero : left > LongestAccess ? LongestAccess : left;
        return time.CreateTimer(static state => ((SubscriptionPump)state!).Expire(), this, due, Timeout.InfiniteTimeSpan);
    }

    private void Expire()
    {
        Volatile.Write(ref _isExpired, true);
        source.Wake();
    }

    private ValueTask<bool> FlushAsync()
    {
        if (_beats is not null)
        {
            Volatile.Write(ref _isBeatDue, false);
            _beats.Change(subscriber.Heartbeat!.Value, Timeout.InfiniteTimeSpan);
        }

        return _flush.TryAsync();
    }

    private void Beat()
    {
        Volatile.Write(ref _isBeatDue, true);
        source.Wake();
    }

    /// <summary>Writes what the client's messages are answered, up to a flush.</summary>
    private bool WriteAnswers()
    {
        var before = _framing.Bytes;
        while (_framing.Bytes - before < BytesPerFlush && _inbox is not null && _inbox.TryTakeAnswer(out var answer))
        {
            _framing.WriteEvent(answer);
        }

        return _framing.Bytes > before;
    }

    private async Task<PumpEnd> EndAsync(Error error, PumpEnd end)
    {
        if (_inbox is not null)
        {
            // What was begun is told: it may have been confirmed.
            _inbox.Close();
            await _inbox.WhenAnsweredAsync();
            while (WriteAnswers())
            {
                if (!await _flush.TryAsync())
                {
                    return PumpEnd.ClientGone;
                }
            }
        }

        Reason = error;
        _framing.WriteEnd(error);
        await _flush.TryAsync();
        return end;
    }

    private static IDeliverySink SinkOf(Subscriber subscriber)
    {
        var sink = subscriber.Acknowledgement?.Around(subscriber.Framing) ?? subscriber.Framing;
        sink = subscriber.Inbox?.Around(sink) ?? sink;
        return subscriber.Spans?.Around(sink) ?? sink;
    }
}
