using System.Buffers;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Queues;

/// <summary>
/// The one queue between the connection's reader and the subscriber: two arrays that change places, so that neither side
/// waits for the other and nothing is allocated once they have grown. One writer, one reader. The bytes are copied into
/// <see cref="DeliverySlabs"/>.
/// </summary>
/// <param name="all">What waits in all queues of the process together.</param>
internal sealed class DeliveryQueue(ByteBudget all)
{
    // What one waiting message costs beside its bytes: its entry, its two strings, its buffer's header.
    private const int Overhead = 256;

    // Arrays that a burst has grown beyond this are given back once they are empty.
    private const int KeptCapacity = 1024;

    private readonly Lock _gate = new();
    private readonly ReaderSignal _reader = new();
    private readonly DeliverySlabs _slabs = new();
    private QueuedDelivery[] _incoming = [];
    private QueuedDelivery[] _outgoing = [];
    private int _incomingCount;
    private int _outgoingCount;
    private int _next;
    private long _bytes;
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

            var (slab, offset) = _slabs.Take(length);
            headers.CopyTo(slab.AsSpan(offset));
            payload.CopyTo(slab.AsSpan(offset + headersLength));
            _incoming[_incomingCount++] = new QueuedDelivery(
                subject, replyTo, sequence, at, slab, offset, headersLength, length - headersLength);
            Count(length + Overhead);
            wake = _reader.TakeReader();
        }

        if (wake)
        {
            _reader.Release();
        }

        return true;
    }

    /// <summary>Ends the current or next wait.</summary>
    public void Wake()
    {
        bool wake;
        lock (_gate)
        {
            wake = _reader.Signal();
        }

        if (wake)
        {
            _reader.Release();
        }
    }

    /// <inheritdoc cref="IDeliverySource.WaitAsync"/>
    public ValueTask WaitAsync(bool held = false)
    {
        lock (_gate)
        {
            return _reader.WaitAsync(ready: !held && (_incomingCount > 0 || _next < _outgoingCount));
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
                    _outgoing[index] = _outgoing[index].WithoutBytes();
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
                left.Add(delivery.WithoutBytes());
            }

            foreach (var delivery in incoming)
            {
                left.Add(delivery.WithoutBytes());
            }

            _incoming = [];
            _incomingCount = 0;
            _slabs.Abandon(_draining);
            if (!_draining)
            {
                _outgoing = [];
                _outgoingCount = _next = 0;
            }

            Count(-_bytes);
            return left;
        }
    }

    private void Count(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        all.Take(bytes);
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
        _slabs.ReadFrom(delivery.Slab);

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

            _slabs.Return();
            return false;
        }
    }
}
