using System.Buffers.Binary;
using System.Net.Sockets;

namespace Httpmq.Bench.Http2;

/// <content>The one reader: takes frames apart and hands them to the streams.</content>
internal sealed partial class Http2Connection
{
    private const int ReceiveBuffer = 256 * 1024;

    // So many bytes are taken before the server is told that it may send as many again.
    private const int Replenish = 1 << 30;

    private long _received;

    private async Task ReadAsync()
    {
        var buffer = new byte[ReceiveBuffer];
        var filled = 0;
        try
        {
            while (true)
            {
                var read = await _socket.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None);
                if (read == 0)
                {
                    FailAll("the gateway closed the connection");
                    return;
                }

                filled += read;
                var consumed = Process(buffer.AsSpan(0, filled));
                buffer.AsSpan(consumed, filled - consumed).CopyTo(buffer);
                filled -= consumed;
                Flush();
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or BenchException)
        {
            FailAll(exception.Message);
        }
    }

    private int Process(ReadOnlySpan<byte> bytes)
    {
        var consumed = 0;
        while (bytes.Length - consumed >= FrameHead.Length)
        {
            var head = FrameHead.Read(bytes[consumed..]);
            var end = consumed + FrameHead.Length + head.PayloadLength;
            if (end > bytes.Length)
            {
                break;
            }

            OnFrame(head, bytes[(consumed + FrameHead.Length)..end]);
            consumed = end;
        }

        return consumed;
    }

    private void OnFrame(FrameHead head, ReadOnlySpan<byte> payload)
    {
        switch (head.Type)
        {
            case FrameHead.Data:
                OnData(head, payload);
                break;
            case FrameHead.Headers when Find(head.Stream, head.EndsStream) is { } stream:
                stream.OnStatus(StatusField.Read(payload));
                if (head.EndsStream)
                {
                    stream.OnEnd();
                }

                break;
            case FrameHead.Reset when Find(head.Stream, remove: true) is { } stream:
                stream.OnFailed($"the gateway reset the stream, code {BinaryPrimitives.ReadInt32BigEndian(payload)}");
                break;
            case FrameHead.Settings when (head.Flags & FrameHead.Ack) == 0:
                OnSettings(payload);
                break;
            case FrameHead.Ping when (head.Flags & FrameHead.Ack) == 0:
                _output.Append(FrameHead.Ping, FrameHead.Ack, 0, payload);
                break;
            case FrameHead.GoAway:
                throw new BenchException($"the gateway ends the connection, code {BinaryPrimitives.ReadInt32BigEndian(payload[4..])}");
            case FrameHead.WindowUpdate:
                OnWindowUpdate(head.Stream, BinaryPrimitives.ReadInt32BigEndian(payload));
                break;
        }
    }

    private void OnData(FrameHead head, ReadOnlySpan<byte> payload)
    {
        if ((_received += payload.Length) > Replenish)
        {
            AppendWindowUpdate(0, (int)_received);
            _received = 0;
        }

        if (Find(head.Stream, head.EndsStream) is not { } stream)
        {
            return;
        }

        if ((stream.Received += payload.Length) > Replenish)
        {
            AppendWindowUpdate(stream.Id, (int)stream.Received);
            stream.Received = 0;
        }

        stream.OnData(payload);
        if (head.EndsStream)
        {
            stream.OnEnd();
        }
    }

    private void OnSettings(ReadOnlySpan<byte> payload)
    {
        for (; payload.Length >= 6; payload = payload[6..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(payload) != InitialWindowSetting)
            {
                continue;
            }

            lock (_gate)
            {
                var window = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
                foreach (var stream in _streams.Values)
                {
                    stream.SendWindow += window - _initialSendWindow;
                }

                _initialSendWindow = window;
            }
        }

        _output.Append(FrameHead.Settings, FrameHead.Ack, 0, []);
    }

    private void OnWindowUpdate(int id, int increment)
    {
        lock (_gate)
        {
            if (id == 0)
            {
                _sendWindow += increment;
            }
            else if (_streams.TryGetValue(id, out var stream))
            {
                stream.SendWindow += increment;
            }
        }

        if (_windowOpened.CurrentCount == 0)
        {
            _windowOpened.Release();
        }
    }
}
