using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Messages;

namespace Httpmq.Infrastructure.JetStream.Deliveries;

/// <summary>A received message that waits for its subscriber.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct QueuedDelivery(string Subject, string ReplyTo, DeliverySequence Sequence, byte[] Buffer, int Length);

/// <summary>
/// The one queue between the connection's reader and the subscriber: two arrays that change places, so that neither side
/// waits for the other and nothing is allocated once they have grown. One writer, one reader.
/// </summary>
internal sealed class DeliveryQueue : IValueTaskSource
{
    // What one waiting message costs beside its bytes: its entry, its two strings, its buffer's header.
    private const int Overhead = 256;

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
    private bool _waiting;
    private bool _signalled;
    private bool _closed;

    /// <summary>Bytes that wait, with what keeping them costs.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Copies the payload and queues it; false once closed.</summary>
    public bool TryAdd(string subject, string replyTo, DeliverySequence sequence, in ReadOnlySequence<byte> payload)
    {
        var length = (int)payload.Length;
        var buffer = length == 0 ? [] : ArrayPool<byte>.Shared.Rent(length);
        payload.CopyTo(buffer);
        bool wake;
        lock (_gate)
        {
            if (_closed)
            {
                Recycle(buffer);
                return false;
            }

            if (_incomingCount == _incoming.Length)
            {
                Array.Resize(ref _incoming, Math.Max(16, _incoming.Length * 2));
            }

            _incoming[_incomingCount++] = new QueuedDelivery(subject, replyTo, sequence, buffer, length);

            // The reader subtracts without the lock.
            Interlocked.Add(ref _bytes, length + Overhead);
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
        var count = 0;
        long freed = 0;
        while (budget > 0 && TryTake(out var delivery))
        {
            budget -= sink.Write(delivery.Subject, delivery.Sequence, delivery.Buffer.AsSpan(0, delivery.Length));
            freed += delivery.Length + Overhead;
            Recycle(delivery.Buffer);
            count++;
        }

        Interlocked.Add(ref _bytes, -freed);
        return count;
    }

    /// <summary>Takes no more, and gives back what nobody will read.</summary>
    public IReadOnlyList<QueuedDelivery> Close()
    {
        lock (_gate)
        {
            _closed = true;
        }

        var left = new List<QueuedDelivery>();
        while (TryTake(out var delivery))
        {
            Recycle(delivery.Buffer);
            left.Add(delivery with { Buffer = [], Length = 0 });
        }

        return left;
    }

    void IValueTaskSource.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

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
            return _outgoingCount > 0;
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
