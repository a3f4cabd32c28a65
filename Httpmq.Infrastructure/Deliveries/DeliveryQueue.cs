using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// A received message that waits for its subscriber; its bytes lie in a slab that it shares with its neighbours.
/// <paramref name="At"/> is the <see cref="TimeProvider"/>'s timestamp of when it arrived, or up to a second earlier.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct QueuedDelivery(
    string Subject,
    string ReplyTo,
    DeliverySequence Sequence,
    long At,
    byte[] Slab,
    int Offset,
    int HeadersLength,
    int PayloadLength)
{
    /// <summary>Headers and payload lie one after the other.</summary>
    public int Length => HeadersLength + PayloadLength;

    public MessageHeaders Headers => MessageHeaders.Wrap(Slab.AsMemory(Offset, HeadersLength));

    public ReadOnlySpan<byte> Payload => Slab.AsSpan(Offset + HeadersLength, PayloadLength);
}

/// <summary>
/// The one queue between the connection's reader and the subscriber: two arrays that change places, so that neither side
/// waits for the other and nothing is allocated once they have grown. One writer, one reader. Payloads are copied into rented
/// slabs, many to one; the reader gives a slab back when it comes to the next, or when the queue is empty, so that a quiet
/// subscription holds none.
/// </summary>
/// <param name="all">What waits in all queues of the process together.</param>
internal sealed class DeliveryQueue(ByteBudget all) : IValueTaskSource
{
    // What one waiting message costs beside its bytes: its entry, its two strings, its buffer's header.
    private const int Overhead = 256;

    // The first slab holds little more than a message, because most subscriptions wait for one at a time; in a burst each next
    // one is larger, until renting does not show.
    private const int SmallestSlab = 256;
    private const int LargestSlab = 32 * 1024;

    // Arrays that a burst has grown beyond this are given back once they are empty.
    private const int KeptCapacity = 1024;

    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
    private QueuedDelivery[] _incoming = [];
    private QueuedDelivery[] _outgoing = [];
    private int _incomingCount;
    private int _outgoingCount;
    private int _next;
    private long _bytes;
    private byte[] _writing = [];
    private int _written;
    private int _slabSize;
    private byte[] _reading = [];
    private bool _waiting;
    private bool _signalled;
    private bool _closed;
    private bool _draining;

    /// <summary>Bytes that wait, with what keeping them costs.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Copies headers and payload and queues them; false once closed.</summary>
    public bool TryAdd(
        string subject,
        string replyTo,
        DeliverySequence sequence,
        long at,
        in ReadOnlySequence<byte> headers,
        in ReadOnlySequence<byte> payload)
    {
        var headersLength = (int)headers.Length;
        var length = headersLength + (int)payload.Length;
        bool wake;
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            if (_incomingCount == _incoming.Length)
            {
                Array.Resize(ref _incoming, Math.Max(16, _incoming.Length * 2));
            }

            // A slab that is full belongs to the entries in it, and the reader gives it back with them.
            if (_writing.Length - _written < length)
            {
                _slabSize = _writing.Length == 0 ? SmallestSlab : Math.Min(_slabSize * 4, LargestSlab);
                _writing = ArrayPool<byte>.Shared.Rent(Math.Max(length, _slabSize));
                _written = 0;
            }

            headers.CopyTo(_writing.AsSpan(_written));
            payload.CopyTo(_writing.AsSpan(_written + headersLength));
            _incoming[_incomingCount++] = new QueuedDelivery(
                subject, replyTo, sequence, at, _writing, _written, headersLength, length - headersLength);
            _written += length;
            Count(length + Overhead);
            wake = TakeWaiter();
        }

        if (wake)
        {
            _wait.SetResult(result: true);
        }

        return true;
    }

    /// <summary>Ends the current or next wait.</summary>
    public void Wake()
    {
        bool wake;
        lock (_gate)
        {
            wake = TakeWaiter();
            _signalled = !wake;
        }

        if (wake)
        {
            _wait.SetResult(result: true);
        }
    }

    public ValueTask WaitAsync()
    {
        lock (_gate)
        {
            if (_signalled || _incomingCount > 0 || _next < _outgoingCount)
            {
                _signalled = false;
                return ValueTask.CompletedTask;
            }

            _wait.Reset();
            _waiting = true;
            return new ValueTask(this, _wait.Version);
        }
    }

    /// <inheritdoc cref="IDeliverySource.Drain"/>
    public int Drain(IDeliverySink sink, int budget)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return 0;
            }

            _draining = true;
        }

        var count = 0;
        long freed = 0;
        var details = default(DeliveryDetails);
        var detailed = sink.WantsDetails;
        try
        {
            while (budget > 0 && TryTake(out var delivery))
            {
                if (detailed)
                {
                    details = AckSubjectDetails.Read(delivery.ReplyTo);
                }

                budget -= sink.Write(new Delivery(delivery.Subject, delivery.Sequence, delivery.Payload, delivery.Headers, details));
                freed += delivery.Length + Overhead;
                count++;
            }
        }
        finally
        {
            lock (_gate)
            {
                _draining = false;
                if (!_closed)
                {
                    Count(-freed);
                }

                // Closed in the meantime, and no longer counted: the rest is kept for the next to close, without its bytes.
                for (var index = _closed ? _next : _outgoingCount; index < _outgoingCount; index++)
                {
                    _outgoing[index] = WithoutBytes(_outgoing[index]);
                }
            }
        }

        return count;
    }

    /// <summary>
    /// Takes no more, lets go of the bytes, and returns what the reader will certainly not read. For anybody, while the reader may be at
    /// work or stand still. Where it is at work, what it does not come to in this round is returned by the next call.
    /// </summary>
    public List<QueuedDelivery> Close()
    {
        lock (_gate)
        {
            _closed = true;
            var rest = _draining ? [] : _outgoing.AsSpan(_next.._outgoingCount);
            var incoming = _incoming.AsSpan(0, _incomingCount);
            var left = new List<QueuedDelivery>(rest.Length + incoming.Length);
            foreach (var delivery in rest)
            {
                left.Add(WithoutBytes(delivery));
            }

            foreach (var delivery in incoming)
            {
                left.Add(WithoutBytes(delivery));
            }

            // Not to the pool: the reader may be at work on any of these slabs.
            _incoming = [];
            _incomingCount = 0;
            _writing = [];
            _written = 0;
            if (!_draining)
            {
                _outgoing = [];
                _outgoingCount = _next = 0;
                _reading = [];
            }

            Count(-_bytes);
            return left;
        }
    }

    void IValueTaskSource.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private static QueuedDelivery WithoutBytes(in QueuedDelivery delivery) => delivery with { Slab = [], Offset = 0, HeadersLength = 0, PayloadLength = 0 };

    private void Count(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        all.Take(bytes);
    }

    private bool TakeWaiter()
    {
        var waiting = _waiting;
        _waiting = false;
        return waiting;
    }

    private bool TryTake(out QueuedDelivery delivery)
    {
        if (_next == _outgoingCount && !TrySwap())
        {
            delivery = default;
            return false;
        }

        delivery = _outgoing[_next];
        _outgoing[_next++] = default;
        if (!ReferenceEquals(delivery.Slab, _reading))
        {
            Recycle(_reading);
            _reading = delivery.Slab;
        }

        return true;
    }

    private bool TrySwap()
    {
        lock (_gate)
        {
            var empty = _outgoing.Length > KeptCapacity && _incomingCount < KeptCapacity / 2 ? [] : _outgoing;
            (_outgoing, _incoming) = (_incoming, empty);
            _outgoingCount = _incomingCount;
            _incomingCount = 0;
            _next = 0;
            if (_outgoingCount > 0)
            {
                return true;
            }

            // Everything was read: neither side needs a slab now. The writer's is the last that was read, or empty.
            if (!ReferenceEquals(_reading, _writing))
            {
                Recycle(_reading);
            }

            Recycle(_writing);
            _reading = _writing = [];
            _written = 0;
            return false;
        }
    }

    private static void Recycle(byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
