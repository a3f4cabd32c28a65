using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Httpmq.Bench.Http2;

/// <summary>
/// An HTTP/2 client (prior knowledge) that does as little as it can: it must not be what is measured. It opens its receive
/// windows once for gigabytes, reads the status and no other header, and hands the bytes of the answers to the streams.
/// </summary>
internal sealed class Http2Connection : IAsyncDisposable
{
    private const int MaxWindow = int.MaxValue;
    private const int DefaultWindow = 65535;
    private const int Replenish = 1 << 30;
    private const int MaxFrame = 16 * 1024;
    private const int ReceiveBuffer = 256 * 1024;
    private const ushort InitialWindowSetting = 4;

    private readonly Socket _socket;
    private readonly FrameOutput _output;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly SemaphoreSlim _windowOpened = new(0);
    private Task _reading = Task.CompletedTask;
    private long _sendWindow = DefaultWindow;
    private long _initialSendWindow = DefaultWindow;
    private long _received;
    private int _nextId = 1;
    private bool _closing;
    private string? _fault;

    private Http2Connection(Socket socket)
    {
        _socket = socket;
        _output = new FrameOutput(socket, exception => FailAll(exception.Message));
    }

    public static async Task<Http2Connection> ConnectAsync(Uri server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        var connection = new Http2Connection(socket);
        connection.Greet();
        connection._reading = connection.ReadAsync();
        return connection;
    }

    /// <summary>Opens a stream with its headers and, where there is one, a small body. <see cref="Flush"/> sends it.</summary>
    public void Start(Http2Stream stream, RequestHead head, ReadOnlySpan<byte> body, bool endOfBody = true)
    {
        lock (_gate)
        {
            if (_fault is not null)
            {
                throw new BenchException(_fault);
            }

            stream.Id = _nextId;
            stream.Received = 0;
            stream.SendWindow = _initialSendWindow;
            _nextId += 2;
            _streams[stream.Id] = stream;
            var bodyless = body.IsEmpty && endOfBody;
            _output.Append(FrameHead.Headers, (byte)(FrameHead.EndHeaders | (bodyless ? FrameHead.EndStream : 0)), stream.Id, head.Block);
            if (!body.IsEmpty)
            {
                AppendData(stream, body, endOfBody);
            }
        }
    }

    /// <summary>Sends a part of a body that was left open, as soon as the server takes it.</summary>
    public async ValueTask SendAsync(Http2Stream stream, ReadOnlyMemory<byte> part, bool endOfBody)
    {
        while (!TryAppendData(stream, part.Span, endOfBody))
        {
            Flush();
            await _windowOpened.WaitAsync();
        }

        Flush();
    }

    public void Flush() => _output.Flush();

    public async ValueTask DisposeAsync()
    {
        _closing = true;
        _socket.Dispose();
        await _reading;
        _windowOpened.Dispose();
    }

    private void Greet()
    {
        _output.AppendRaw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Span<byte> setting = stackalloc byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(setting, InitialWindowSetting);
        BinaryPrimitives.WriteInt32BigEndian(setting[2..], MaxWindow);
        _output.Append(FrameHead.Settings, 0, 0, setting);
        AppendWindowUpdate(0, MaxWindow - DefaultWindow);
        Flush();
    }

    private bool TryAppendData(Http2Stream stream, ReadOnlySpan<byte> part, bool endOfBody)
    {
        lock (_gate)
        {
            if (_fault is not null)
            {
                throw new BenchException(_fault);
            }

            if (part.Length > Math.Min(_sendWindow, stream.SendWindow))
            {
                return false;
            }

            AppendData(stream, part, endOfBody);
            return true;
        }
    }

    private void AppendData(Http2Stream stream, ReadOnlySpan<byte> body, bool endOfBody)
    {
        _sendWindow -= body.Length;
        stream.SendWindow -= body.Length;
        if (_sendWindow < 0 || stream.SendWindow < 0)
        {
            throw new BenchException("a request was larger than the server's window");
        }

        while (body.Length > MaxFrame)
        {
            _output.Append(FrameHead.Data, 0, stream.Id, body[..MaxFrame]);
            body = body[MaxFrame..];
        }

        _output.Append(FrameHead.Data, endOfBody ? FrameHead.EndStream : (byte)0, stream.Id, body);
    }

    private void AppendWindowUpdate(int stream, int increment)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, increment);
        _output.Append(FrameHead.WindowUpdate, 0, stream, payload);
    }

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
                stream.OnFault($"the gateway reset the stream, code {BinaryPrimitives.ReadInt32BigEndian(payload)}");
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

    private Http2Stream? Find(int id, bool remove)
    {
        lock (_gate)
        {
            if (_streams.TryGetValue(id, out var stream) && remove)
            {
                _streams.Remove(id);
            }

            return stream;
        }
    }

    private void FailAll(string reason)
    {
        Http2Stream[] streams;
        lock (_gate)
        {
            _fault ??= reason;
            streams = [.. _streams.Values];
            _streams.Clear();
        }

        if (_closing)
        {
            return;
        }

        _windowOpened.Release();
        foreach (var stream in streams)
        {
            stream.OnFault(reason);
        }
    }
}
