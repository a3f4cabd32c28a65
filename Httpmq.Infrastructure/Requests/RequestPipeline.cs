using System.Globalization;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Requests;

/// <summary>
/// Requests on the hot paths (publish, acknowledge), pipelined: one inbox and one table of waiting slots for the process,
/// no subscription, timer or cancellation source per request. Every request ends: by its answer, its time limit, or the
/// loss of the connection. A reply subject is used once, so a late answer can never be taken for that of another request.
/// </summary>
/// <remarks>
/// What is limited is the requests that wait for JetStream. Replies that nobody has taken yet keep their slot and count no more, so who
/// does not take them stops nobody. Batches together get three quarters of the limit; the rest is for single requests.
/// A batch whose stream does not answer would wait for the time limit with each window; see <see cref="StreamSilence"/>. Single requests
/// are always sent.
/// </remarks>
internal sealed class RequestPipeline : IAsyncDisposable
{
    // What is larger is copied for longer than others should wait for it.
    private const int LargestInTurn = 16 * 1024;

    private static readonly TimeSpan ScanInterval = TimeSpan.FromMilliseconds(200);

    private readonly RequestLink _link;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly int _most;
    private readonly string _prefix = Inbox.NewReplyPrefix();
    private readonly ReplyInbox _inbox;
    private readonly RequestSlots _slots;
    private readonly StreamSilence _silence;
    private readonly SemaphoreSlim _batchRoom;
    private readonly ITimer _timer;
    private readonly Lock _refusing = new();

    // The client library lets who comes while another one writes wait in a task, and who comes then waits behind: once it has begun, each
    // request of a busy gateway pays for that. Writing a small request takes less than a microsecond.
    private readonly Lock _writing = new();
    private Dictionary<string, long>? _refusals;
    private int _inflight;
    private long _count;
    private volatile bool _heard;
    private long _lastHeard;
    private volatile bool _disposed;

    /// <param name="link">The connection.</param>
    /// <param name="options">For the limits: how long one request, and how many at once.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">For the log.</param>
    public RequestPipeline(RequestLink link, NatsOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _link = link;
        _time = time;
        _inbox = new ReplyInbox(link, _prefix, Receive, loggers.CreateLogger<RequestPipeline>());
        _timeout = options.RequestTimeout;
        _slots = new RequestSlots(OnEnded);
        _silence = new StreamSilence(time, options.RequestTimeout, ScanInterval);
        _most = options.MaxInflightRequests;
        _batchRoom = new SemaphoreSlim(_most > 1 ? _most - Math.Max(1, _most / 4) : 1);
        link.Lost += OnLost;
        link.PublishRefused += OnRefused;
        _timer = time.CreateTimer(static state => ((RequestPipeline)state!).EndOverdue(), this, ScanInterval, ScanInterval);
    }

    /// <summary>Requests that wait for JetStream.</summary>
    internal int Inflight => Volatile.Read(ref _inflight);

    /// <summary>The subscription of the moment to the answers; null while there is none.</summary>
    internal ReplySubscription? Subscription => _inbox.Subscription;

    /// <summary>
    /// Sends one request. The answer is awaited exactly once. Payload and headers may be reused when the outer task is done.
    /// </summary>
    public ValueTask<PendingReply> StartAsync(string subject, ReadOnlyMemory<byte> payload, MessageHeaders headers) =>
        StartAsync(subject, payload, headers, inBatch: false);

    /// <summary>
    /// As <see cref="StartAsync(string, ReadOnlyMemory{byte}, MessageHeaders)"/>, for one of many: it waits while batches have all that
    /// they may have.
    /// </summary>
    public ValueTask<PendingReply> StartInBatchAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        MessageHeaders headers,
        CancellationToken cancellationToken) =>
#pragma warning disable VSTHRD103 // Zero time does not block, and costs no task per record.
        !_silence.MaySend(subject) ? Refuse(ReplyKind.Silent, inBatch: false)
            : _batchRoom.Wait(TimeSpan.Zero, CancellationToken.None)
#pragma warning restore VSTHRD103
            ? StartAsync(subject, payload, headers, inBatch: true)
            : StartWhenThereIsRoomAsync(subject, payload, headers, cancellationToken);

    /// <summary>Sends one request and waits for its end.</summary>
    public ValueTask<Reply> SendAsync(string subject, ReadOnlyMemory<byte> payload)
    {
        var starting = StartAsync(subject, payload, headers: default);
#pragma warning disable VSTHRD103 // It is there.
        return starting.IsCompletedSuccessfully ? starting.Result.WaitAsync() : WaitAsync(starting);
#pragma warning restore VSTHRD103
    }

    /// <inheritdoc cref="ReplyInbox.Renew"/>
    public void Renew() => _inbox.Renew();

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        _link.Lost -= OnLost;
        _link.PublishRefused -= OnRefused;
        await _timer.DisposeAsync();
        FailAll();
        await _inbox.DisposeAsync();
    }

    /// <summary>Takes an answer from the connection's reader.</summary>
    internal void Receive(string subject, in Reply reply)
    {
        if (long.TryParse(subject.AsSpan(_prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var token))
        {
            _heard = true;
            var slot = _slots.Of(token);
            if (reply.IsOfStream && slot?.SubjectOf(token) is { } asked)
            {
                _silence.Answered(asked);
            }

            slot?.TryEnd(token, reply);
        }
    }

    private async ValueTask<PendingReply> StartWhenThereIsRoomAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        MessageHeaders headers,
        CancellationToken cancellationToken)
    {
        await _batchRoom.WaitAsync(cancellationToken);
        return await (_silence.MaySend(subject)
            ? StartAsync(subject, payload, headers, inBatch: true)
            : Refuse(ReplyKind.Silent, inBatch: true));
    }

    private ValueTask<PendingReply> StartAsync(string subject, ReadOnlyMemory<byte> payload, MessageHeaders headers, bool inBatch)
    {
        if (!_link.IsOpen)
        {
            return Refuse(ReplyKind.NotSent, inBatch);
        }

        if (_inbox.Subscription is null)
        {
            return StartFirstAsync(subject, payload, headers, inBatch);
        }

        var slot = Rent();
        if (slot is null)
        {
            return Refuse(ReplyKind.Full, inBatch);
        }

        slot.InBatch = inBatch;
        var token = (Interlocked.Increment(ref _count) << RequestSlots.IndexBits) | (uint)slot.Index;
        var pending = slot.Start(subject, token, _time.GetTimestamp());
        var sending = SendToClientAsync(subject, payload, headers, token);
        return sending.IsCompletedSuccessfully
            ? new ValueTask<PendingReply>(pending)
            : WaitUntilSentAsync(sending, slot, token, pending);
    }

    private ValueTask<PendingReply> Refuse(ReplyKind kind, bool inBatch)
    {
        if (inBatch)
        {
            _batchRoom.Release();
        }

        return new ValueTask<PendingReply>(new PendingReply(new Reply(kind), _time.GetTimestamp()));
    }

    private ValueTask SendToClientAsync(string subject, ReadOnlyMemory<byte> payload, MessageHeaders headers, long token)
    {
        try
        {
            // Before the wait: one that is lost meanwhile must not be taken for the next, which may still be connecting.
            var connection = _link.Connection;
            var replyTo = string.Create(CultureInfo.InvariantCulture, $"{_prefix}{token:x}");
            if (payload.Length > LargestInTurn)
            {
                return PublishAsync(connection, subject, payload, headers, replyTo);
            }

            lock (_writing)
            {
                return PublishAsync(connection, subject, payload, headers, replyTo);
            }
        }
        catch (Exception exception)
        {
            // Whatever it is, the slot must come back.
            return ValueTask.FromException(exception);
        }
    }

    private static ValueTask PublishAsync(
        NatsConnection connection, string subject, ReadOnlyMemory<byte> payload, MessageHeaders headers, string replyTo) =>
        connection.PublishAsync(
            subject, payload, ClientHeaders.Of(headers), replyTo, serializer: NatsRawSerializer<ReadOnlyMemory<byte>>.Default);

    private static async ValueTask<Reply> WaitAsync(ValueTask<PendingReply> starting) => await (await starting).WaitAsync();

    private async ValueTask<PendingReply> StartFirstAsync(
        string subject, ReadOnlyMemory<byte> payload, MessageHeaders headers, bool inBatch) =>
        await _inbox.OpenAsync()
            ? await StartAsync(subject, payload, headers, inBatch)
            : await Refuse(ReplyKind.NotSent, inBatch);

    private static async ValueTask<PendingReply> WaitUntilSentAsync(ValueTask sending, RequestSlot slot, long token, PendingReply pending)
    {
        try
        {
            await sending;
        }
        catch (Exception)
        {
            // It may lie in the client's buffer, half of it sent: nobody knows.
            slot.TryEnd(token, new Reply(ReplyKind.ConnectionLost));
        }

        return pending;
    }

    private RequestSlot? Rent()
    {
        if (Interlocked.Increment(ref _inflight) <= _most && _slots.Rent() is { } slot)
        {
            return slot;
        }

        Interlocked.Decrement(ref _inflight);
        return null;
    }

    private void OnEnded(RequestSlot slot)
    {
        Interlocked.Decrement(ref _inflight);
        if (slot.InBatch)
        {
            _batchRoom.Release();
        }
    }

    private void OnRefused(string subject)
    {
        lock (_refusing)
        {
            var isFirst = _refusals is null;
            (_refusals ??= new Dictionary<string, long>(StringComparer.Ordinal))[subject] = _time.GetTimestamp();
            if (isFirst && !_disposed)
            {
                // At once, and however many follow until then with it.
                _timer.Change(TimeSpan.Zero, ScanInterval);
            }
        }
    }

    private void EndRefused()
    {
        Dictionary<string, long>? refusals;
        lock (_refusing)
        {
            (refusals, _refusals) = (_refusals, null);
        }

        if (refusals is null)
        {
            return;
        }

        foreach (var slot in _slots.All())
        {
            if (slot.IsRefused(refusals, out var token))
            {
                slot.TryEnd(token, new Reply(ReplyKind.NotPermitted));
            }
        }
    }

    private void EndOverdue()
    {
        EndRefused();
        var now = _time.GetTimestamp();
        var overdue = false;

        _silence.Check(now);
        foreach (var slot in _slots.All())
        {
            if (slot.IsOverdue(now, _timeout, _time, out var token))
            {
                // Before those that wait for the room of this one go on.
                if (slot.SubjectOf(token) is { } asked)
                {
                    _silence.TimedOut(asked, now);
                }

                slot.TryEnd(token, new Reply(ReplyKind.TimedOut));
                overdue = true;
            }
        }

        if (_heard)
        {
            _heard = false;
            _lastHeard = now;
        }
        else if (overdue && _time.GetElapsedTime(_lastHeard, now) > _timeout)
        {
            // Not one answer within the time limit of a request: it may be the subscription and not JetStream.
            _lastHeard = now;
            _inbox.Renew();
        }
    }

    private void OnLost()
    {
        _inbox.Forget();
        _silence.Clear();
        FailAll();
    }

    private void FailAll()
    {
        foreach (var slot in _slots.All())
        {
            slot.TryEnd(slot.Token, new Reply(ReplyKind.ConnectionLost));
        }
    }
}
