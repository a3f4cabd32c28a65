using System.Buffers;

namespace Httpmq.Infrastructure.Queues;

/// <summary>
/// Where the bytes of waiting messages lie: rented slabs, many messages to one. The writer fills one after the other; the reader gives a
/// slab back when it comes to the next, or when nothing waits, so that a quiet subscription holds none. The queue's lock guards all but
/// <see cref="ReadFrom"/>, which is the reader's alone.
/// </summary>
internal sealed class DeliverySlabs
{
    // The first slab holds little more than a message, because most subscriptions wait for one at a time; in a burst each next
    // one is larger, until renting does not show.
    private const int Smallest = 256;
    private const int Largest = 32 * 1024;

    private byte[] _writing = [];
    private int _written;
    private int _size;
    private byte[] _reading = [];

    /// <summary>Takes room for so many bytes.</summary>
    public (byte[] Slab, int Offset) Take(int length)
    {
        // A slab that is full belongs to the messages in it, and the reader gives it back with them.
        if (_writing.Length - _written < length)
        {
            _size = _writing.Length == 0 ? Smallest : Math.Min(_size * 4, Largest);
            _writing = ArrayPool<byte>.Shared.Rent(Math.Max(length, _size));
            _written = 0;
        }

        var offset = _written;
        _written += length;
        return (_writing, offset);
    }

    /// <summary>The reader has come to a message in this slab.</summary>
    public void ReadFrom(byte[] slab)
    {
        if (!ReferenceEquals(slab, _reading))
        {
            Recycle(_reading);
            _reading = slab;
        }
    }

    /// <summary>Everything was read: neither side needs a slab now. The writer's is the last that was read, or empty.</summary>
    public void Return()
    {
        if (!ReferenceEquals(_reading, _writing))
        {
            Recycle(_reading);
        }

        Recycle(_writing);
        _reading = _writing = [];
        _written = 0;
    }

    /// <summary>Lets go of them, but not to the pool: the reader may be at work on any. Its own stays while it is.</summary>
    public void Abandon(bool reading)
    {
        _writing = [];
        _written = 0;
        _reading = reading ? _reading : [];
    }

    private static void Recycle(byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
