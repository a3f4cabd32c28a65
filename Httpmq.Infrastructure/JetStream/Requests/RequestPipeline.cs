using System.Buffers;
using System.Globalization;
using Httpmq.Infrastructure.JetStream.Wire;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.JetStream.Requests;

/// <summary>How one request to a JetStream stream or consumer ended.</summary>
internal enum ReplyKind
{
    /// <summary>JetStream answered; see the reply's fields.</summary>
    Answered,

    /// <summary>Nobody listens on the subject: nothing happened.</summary>
    NoResponders,

    /// <summary>Somebody who is not JetStream answered; what JetStream did is not known.</summary>
    Foreign,

    /// <summary>It was not sent: there was no connection.</summary>
    NotSent,

    /// <summary>It was not sent: too many are waiting for an answer already.</summary>
    Full,

    /// <summary>It was sent, and no answer came in time.</summary>
    TimedOut,

    /// <summary>It was sent, and the connection was lost before an answer came.</summary>
    ConnectionLost,
}

/// <summary>An answer: of a publish where it was stored, of an acknowledgement nothing, of both an error.</summary>
internal readonly record struct Reply(ReplyKind Kind, string? Stream = null, ulong Sequence = 0, ApiError? Error = null);

/// <summary>A request under way: waits in a slot, or is answered already.</summary>
internal readonly struct PendingReply
{
    private readonly ValueTask<Reply> _reply;

    public PendingReply(in Reply reply) => _reply = new ValueTask<Reply>(reply);

    public PendingReply(RequestSlot slot, short version) => _reply = new ValueTask<Reply>(slot, version);

    public bool IsCompleted => _reply.IsCompleted;

    /// <summary>Waits for the end; to be called exactly once.</summary>
    public ValueTask<Reply> WaitAsync() => _reply;
}

/// <summary>
/// Requests on the hot paths (publish, acknowledge), pipelined: one inbox and one table of waiting slots for the process,
/// no subscription, timer or cancellation source per request. Every request ends: by its answer, its time limit, or the
/// loss of the connection. A reply subject is used once, so a late answer can never be taken for that of another request.
/// </summary>
internal sealed class RequestPipeline : IAsyncDisposable
{
    // The low bits of a token are the slot's index, the rest counts the requests.
    private const int IndexBits = 16;
    private static readonly TimeSpan ScanInterval = TimeSpan.FromMilliseconds(200);

    private readonly NatsLink _link;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly string _prefix = Inbox.NewReplyPrefix();
    private readonly Lock _gate = new();
    private readonly Stack<RequestSlot> _free = new();
    private readonly RequestSlot[] _slots;
    private readonly Action<RequestSlot> _return;
    private readonly SemaphoreSlim _subscribing = new(1, 1);
    private readonly ITimer _timer;
    private ReplySub? _subscription;
    private int _created;
    private long _count;

    /// <param name="link">The connection.</param>
    /// <param name="options">For the time limit of one request.</param>
    /// <param name="time">The clock.</param>
    public RequestPipeline(NatsLink link, NatsOptions options, TimeProvider time)
    {
        _link = link;
        _time = time;
        _timeout = options.RequestTimeout;
        _return = Return;
        _slots = new RequestSlot[Math.Min(options.MaxInflightRequests, 1 << IndexBits)];
        link.Lost += OnLost;
        _timer = time.CreateTimer(static state => ((RequestPipeline)state!).EndOverdue(), this, ScanInterval, ScanInterval);
    }

    /// <summary>
    /// Sends one request. The answer is awaited exactly once; until it is, the request holds its slot. The payload may be
    /// reused when the outer task is done.
    /// </summary>
    public ValueTask<PendingReply> StartAsync(string subject, ReadOnlyMemory<byte> payload)
    {
        if (!_link.IsOpen)
        {
            return new ValueTask<PendingReply>(new PendingReply(new Reply(ReplyKind.NotSent)));
        }

        if (_subscription is null)
        {
            return StartFirstAsync(subject, payload);
        }

        var slot = Rent();
        if (slot is null)
        {
            return new ValueTask<PendingReply>(new PendingReply(new Reply(ReplyKind.Full)));
        }

        var token = (Interlocked.Increment(ref _count) << IndexBits) | (uint)slot.Index;
        var pending = slot.Start(token, _time.GetTimestamp());
        var sending = SendToClientAsync(subject, payload, token);
        return sending.IsCompletedSuccessfully
            ? new ValueTask<PendingReply>(pending)
            : WaitUntilSentAsync(sending, slot, token, pending);
    }

    /// <summary>Sends one request and waits for its end.</summary>
    public async ValueTask<Reply> SendAsync(string subject, ReadOnlyMemory<byte> payload) =>
        await (await StartAsync(subject, payload)).WaitAsync();

    public async ValueTask DisposeAsync()
    {
        _link.Lost -= OnLost;
        await _timer.DisposeAsync();
        FailAll();
        if (_subscription is not null)
        {
            await _subscription.DisposeAsync();
        }

        _subscribing.Dispose();
    }

    /// <summary>Takes an answer from the connection's reader.</summary>
    internal void Receive(string subject, in Reply reply)
    {
        if (long.TryParse(subject.AsSpan(_prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var token)
            && (token & ((1 << IndexBits) - 1)) is var index && index < _slots.Length)
        {
            Volatile.Read(ref _slots[index])?.TryEnd(token, reply);
        }
    }

    private ValueTask SendToClientAsync(string subject, ReadOnlyMemory<byte> payload, long token)
    {
        try
        {
            return _link.Connection.PublishAsync(
                subject,
                payload,
                replyTo: string.Create(CultureInfo.InvariantCulture, $"{_prefix}{token:x}"),
                serializer: NatsRawSerializer<ReadOnlyMemory<byte>>.Default);
        }
        catch (Exception exception)
        {
            // Whatever it is, the slot must come back.
            return ValueTask.FromException(exception);
        }
    }

    private async ValueTask<PendingReply> StartFirstAsync(string subject, ReadOnlyMemory<byte> payload) =>
        await TrySubscribeAsync()
            ? await StartAsync(subject, payload)
            : new PendingReply(new Reply(ReplyKind.NotSent));

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

    private async ValueTask<bool> TrySubscribeAsync()
    {
        await _subscribing.WaitAsync();
        try
        {
            if (_subscription is null)
            {
                var connection = _link.Connection;
                var subscription = new ReplySub(connection, _prefix + "*", this);
                await connection.AddSubAsync(subscription);
                _subscription = subscription;

                // Lost in between: the next request subscribes again.
                if (!ReferenceEquals(connection, _link.Connection))
                {
                    _subscription = null;
                    return false;
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is NatsException or OperationCanceledException)
        {
            return false;
        }
        finally
        {
            _subscribing.Release();
        }
    }

    private RequestSlot? Rent()
    {
        lock (_gate)
        {
            if (_free.TryPop(out var slot))
            {
                return slot;
            }

            if (_created == _slots.Length)
            {
                return null;
            }

            slot = new RequestSlot(_created, _return);
            Volatile.Write(ref _slots[_created++], slot);
            return slot;
        }
    }

    private void Return(RequestSlot slot)
    {
        lock (_gate)
        {
            _free.Push(slot);
        }
    }

    private void EndOverdue()
    {
        var now = _time.GetTimestamp();
        for (var index = 0; index < Volatile.Read(ref _created); index++)
        {
            if (_slots[index].IsOverdue(now, _timeout, _time, out var token))
            {
                _slots[index].TryEnd(token, new Reply(ReplyKind.TimedOut));
            }
        }
    }

    private void OnLost()
    {
        // Another connection needs another.
        _subscription = null;
        FailAll();
    }

    private void FailAll()
    {
        for (var index = 0; index < Volatile.Read(ref _created); index++)
        {
            _slots[index].TryEnd(_slots[index].Token, new Reply(ReplyKind.ConnectionLost));
        }
    }

    private sealed class ReplySub(NatsConnection connection, string subject, RequestPipeline pipeline)
        : NatsSubBase(connection, connection.SubscriptionManager, subject, queueGroup: null, opts: null, CancellationToken.None)
    {
        private readonly PubAckReader _reader = new();

        protected override ValueTask ReceiveInternalAsync(
            string subject,
            string? replyTo,
            ReadOnlySequence<byte>? headersBuffer,
            ReadOnlySequence<byte> payloadBuffer)
        {
            pipeline.Receive(subject, _reader.Read(headersBuffer, payloadBuffer));
            return ValueTask.CompletedTask;
        }

        protected override void TryComplete()
        {
        }
    }
}
