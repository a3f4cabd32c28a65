using System.Buffers;
using System.Net.Sockets;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// The socket of a connection that carries deliveries: it takes from nats-server what the client library has no time for yet.
/// </summary>
/// <remarks>
/// nats-server sends a backlog as fast as it can, and closes the connection of all subscribers when 64 MiB (max_pending) wait for it; what
/// it had not sent comes again only after ack_wait. The library reads as fast as it parses, which is not fast enough while its code is
/// being compiled or others have the cores. A thread that does nothing but read is. There is one only while the library is behind; else
/// the library reads by itself, as without this class.
/// </remarks>
/// <param name="socket">The connection.</param>
/// <param name="limit">Bytes that may be read and not yet taken; beyond, nothing is read until half of them are.</param>
internal class ReadAhead(INatsSocketConnection socket, long limit) : INatsSocketConnection
{
    /// <summary>The name of the thread.</summary>
    public const string ThreadName = "deliveries read-ahead";

    // So much in large reads that did not have to wait, and the library is behind. A read from TLS gives one record, of 16 KiB at most.
    private const int BehindAfter = 1024 * 1024;
    private const int LargeRead = 8 * 1024;
    private const int ChunkSize = 256 * 1024;

    private int _withoutWaiting;
    private volatile bool _isAhead;

    // What follows is guarded by the gate.
    private readonly object _gate = new();
    private readonly Queue<(byte[] Bytes, int Count)> _chunks = new();
    private int _takenOfFirst;
    private long _held;
    private bool _hasThread;
    private byte[] _next = [];
    private Task<int>? _nextRead;
    private TaskCompletionSource? _wanted;
    private bool _closed;

    /// <summary>Bytes that were read and not yet taken.</summary>
    public long Held
    {
        get
        {
            lock (_gate)
            {
                return _held;
            }
        }
    }

    /// <summary>For whatever the library has connected: a plain socket, TLS or a WebSocket.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="limit">Bytes that may be read and not yet taken; it is at least one read.</param>
    public static ReadAhead Of(INatsSocketConnection socket, long limit) =>
        socket is INatsTlsUpgradeableSocketConnection plain
            ? new Plain(plain, Math.Max(ChunkSize, limit))
            : new ReadAhead(socket, Math.Max(ChunkSize, limit));

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer) => socket.SendAsync(buffer);

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        if (_isAhead)
        {
            return TakeAsync(buffer);
        }

        var receiving = socket.ReceiveAsync(buffer);
        if (!receiving.IsCompletedSuccessfully)
        {
            _withoutWaiting = 0;
            return receiving;
        }

#pragma warning disable VSTHRD103 // It is there.
        var count = receiving.Result;
#pragma warning restore VSTHRD103
        _withoutWaiting = count >= Math.Min(buffer.Length, LargeRead) ? _withoutWaiting + count : 0;
        if (_withoutWaiting >= BehindAfter)
        {
            _withoutWaiting = 0;
            _isAhead = _hasThread = true;
            new Thread(ReadOn) { IsBackground = true, Name = ThreadName }.Start();
        }

        return new ValueTask<int>(count);
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            // The library reads until it is told of the end, and may have another connection by then, whose messages come later.
            _closed = true;
            while (_chunks.TryDequeue(out var chunk))
            {
                ArrayPool<byte>.Shared.Return(chunk.Bytes);
            }

            (_held, _takenOfFirst) = (0, 0);
            _wanted?.TrySetResult();
            Monitor.Pulse(_gate);
        }

        return socket.DisposeAsync();
    }

    /// <summary>Reads until the library waits for what is not there yet, or nothing more can be read.</summary>
    private void ReadOn()
    {
        while (true)
        {
            var chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
            var reading = StartReading(chunk);
#pragma warning disable VSTHRD002 // The thread is there for this alone. It does not throw where the read failed.
            Task.WaitAny(reading);
#pragma warning restore VSTHRD002
            lock (_gate)
            {
                if (_nextRead != reading)
                {
                    // It is waited for elsewhere, and there may be another thread already.
                    return;
                }

                _nextRead = null;
                var count = reading.IsCompletedSuccessfully && !_closed ? CountOf(reading) : 0;
                _hasThread = count > 0;
                _wanted?.TrySetResult();
                if (count == 0)
                {
                    // The library will read once more, and see the end or the failure itself.
                    return;
                }

                Add(chunk, count);
                while (_held >= limit && !_closed)
                {
                    Monitor.Wait(_gate);
                }
            }
        }
    }

    private Task<int> StartReading(byte[] chunk)
    {
        Task<int> reading;
        try
        {
            reading = socket.ReceiveAsync(chunk).AsTask();
        }
        catch (Exception exception)
        {
            reading = Task.FromException<int>(exception);
        }

        lock (_gate)
        {
            (_next, _nextRead) = (chunk, reading);
            if (!reading.IsCompleted)
            {
                _wanted?.TrySetResult();
            }
        }

        return reading;
    }

    private async ValueTask<int> TakeAsync(Memory<byte> buffer)
    {
        while (true)
        {
            byte[]? next = null;
            Task waiting;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                if (_chunks.TryPeek(out var first))
                {
                    return Take(first, buffer.Span);
                }

                if (!_hasThread)
                {
                    _isAhead = false;
                    break;
                }

                if (_nextRead is { IsCompleted: false })
                {
                    // Not behind any more: the thread may go, and its last read is waited for here.
                    (next, waiting, _nextRead, _hasThread) = (_next, _nextRead, null, false);
                }
                else
                {
                    _wanted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    waiting = _wanted.Task;
                }
            }

            await waiting;
            lock (_gate)
            {
                _wanted = null;
                ObjectDisposedException.ThrowIf(_closed, this);
                if (next is not null)
                {
                    Add(next, CountOf((Task<int>)waiting));
                }
            }
        }

        return await ReceiveAsync(buffer);
    }

#pragma warning disable VSTHRD002, VSTHRD103 // It is there.
    private static int CountOf(Task<int> read) => read.Result;
#pragma warning restore VSTHRD002, VSTHRD103

    private void Add(byte[] chunk, int count)
    {
        _chunks.Enqueue((chunk, count));
        _held += count;
    }

    private int Take((byte[] Bytes, int Count) first, Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, first.Count - _takenOfFirst);
        first.Bytes.AsSpan(_takenOfFirst, count).CopyTo(buffer);
        _takenOfFirst += count;
        _held -= count;
        if (_takenOfFirst == first.Count)
        {
            _chunks.Dequeue();
            _takenOfFirst = 0;
            ArrayPool<byte>.Shared.Return(first.Bytes);
        }

        if (_held <= limit / 2)
        {
            Monitor.Pulse(_gate);
        }

        return count;
    }

    /// <summary>
    /// A socket that the library may upgrade to TLS after the server's first line. From then on it reads past this class, which then does
    /// nothing.
    /// </summary>
    private sealed class Plain(INatsTlsUpgradeableSocketConnection socket, long limit)
        : ReadAhead(socket, limit), INatsTlsUpgradeableSocketConnection
    {
        public Socket Socket => socket.Socket;
    }
}
