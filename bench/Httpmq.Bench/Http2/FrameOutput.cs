using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;

namespace Httpmq.Bench.Http2;

/// <summary>
/// Collects frames and sends them: whoever flushes first sends for all, so that many small frames share one system call.
/// </summary>
internal sealed class FrameOutput(Socket socket, Action<Exception> onFailed)
{
    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _filling = new(64 * 1024);
    private ArrayBufferWriter<byte> _sending = new(64 * 1024);
    private bool _flushing;

    public void Append(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            var head = _filling.GetSpan(FrameHead.Length);
            BinaryPrimitives.WriteInt32BigEndian(head, payload.Length << 8);
            head[3] = type;
            head[4] = flags;
            BinaryPrimitives.WriteInt32BigEndian(head[5..], stream);
            _filling.Advance(FrameHead.Length);
            _filling.Write(payload);
        }
    }

    public void AppendRaw(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _filling.Write(bytes);
        }
    }

    /// <summary>Sends what was appended, or leaves it to whoever is sending just now. Does not wait.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_flushing || _filling.WrittenCount == 0)
            {
                return;
            }

            _flushing = true;
        }

        _ = SendAsync();
    }

    private async Task SendAsync()
    {
        try
        {
            while (TryTake(out var bytes))
            {
                while (!bytes.IsEmpty)
                {
                    bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            onFailed(exception);
        }
    }

    private bool TryTake(out ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            _sending.ResetWrittenCount();
            (_filling, _sending) = (_sending, _filling);
            bytes = _sending.WrittenMemory;
            _flushing = !bytes.IsEmpty;
            return _flushing;
        }
    }
}
