using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Httpmq.Bench.Http2;

/// <summary>
/// An HTTP/2 client (prior knowledge) that does as little as it can: it must not be what is measured. It opens its receive
/// windows once for gigabytes, reads the status and no other header, and hands the bytes of the answers to the streams.
/// </summary>
internal sealed partial class Http2Connection : IAsyncDisposable
{
    private const int MaxWindow = int.MaxValue;
    private const int DefaultWindow = 65535;
    private const int MaxFrame = 16 * 1024;
    private const ushort InitialWindowSetting = 4;

    private readonly Socket _socket;
    private readonly FrameOutput _output;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly SemaphoreSlim _windowOpened = new(0);
    private Task _reading = Task.CompletedTask;
    private long _sendWindow = DefaultWindow;
    private long _initialSendWindow = DefaultWindow;
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

    /// <summary>Takes back a request, whatever became of it.</summary>
    public void Reset(Http2Stream stream)
    {
        const int Cancel = 8;
        Find(stream.Id, remove: true);
        Span<byte> code = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(code, Cancel);
        _output.Append(FrameHead.Reset, 0, stream.Id, code);
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
            stream.OnFailed(reason);
        }
    }
}
