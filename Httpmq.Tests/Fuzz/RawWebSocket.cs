using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Fuzz;

/// <summary>A WebSocket over HTTP/1.1 on a bare socket (RFC 6455), for frames that no library would send.</summary>
internal sealed class RawWebSocket : IDisposable
{
    public const int Text = 1;
    public const int Binary = 2;
    public const int Close = 8;

    private readonly TcpClient _client = new();
    private readonly CancellationTokenSource _timeLimit = new(Eventually.TimeLimit);

    private NetworkStream _stream = null!;

    private RawWebSocket()
    {
    }

    public static async Task<RawWebSocket> OpenAsync(Uri server, string path)
    {
        var socket = new RawWebSocket();
        await socket._client.ConnectAsync(server.Host, server.Port, socket._timeLimit.Token);
        socket._stream = socket._client.GetStream();
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await socket._stream.ReadExactlyAsync(one, socket._timeLimit.Token);
            head.Append((char)one[0]);
        }

        Assert.That(head.ToString(), Does.StartWith("HTTP/1.1 101 "));
        return socket;
    }

    /// <summary>A frame as a client sends it, or nearly.</summary>
    /// <param name="opcode">The first byte's lower half; with bits above it as well: final, and what is reserved.</param>
    /// <param name="payload">What it carries.</param>
    /// <param name="isMasked">As a client must.</param>
    /// <param name="length">The length that it claims; null: its own.</param>
    public static byte[] Frame(int opcode, byte[] payload, bool isMasked = true, ulong? length = null)
    {
        var claimed = length ?? (ulong)payload.Length;
        var head = new byte[claimed > ushort.MaxValue ? 10 : claimed > 125 ? 4 : 2];
        (head[0], head[1]) = ((byte)opcode, (byte)(claimed > ushort.MaxValue ? 127 : claimed > 125 ? 126 : claimed));
        if (head.Length == 10)
        {
            BinaryPrimitives.WriteUInt64BigEndian(head.AsSpan(2), claimed);
        }
        else if (head.Length == 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), (ushort)claimed);
        }

        head[1] |= (byte)(isMasked ? 0x80 : 0);
        byte[] mask = isMasked ? [1, 2, 3, 4] : [];
        return [.. head, .. mask, .. isMasked ? payload.Select((value, index) => (byte)(value ^ mask[index % 4])) : payload];
    }

    /// <summary>Sends, as far as the server listens.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _stream.WriteAsync(bytes, _timeLimit.Token);
        }
        catch (IOException)
        {
            // It has closed.
        }
    }

    /// <summary>Says that nothing more comes.</summary>
    public void EndSending()
    {
        try
        {
            _client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It has closed.
        }
    }

    /// <summary>
    /// The next frame of the server; null at the end of the connection. A frame that is not whole or is masked is a failure.
    /// </summary>
    public async Task<(int Opcode, byte[] Payload)?> ReadAsync()
    {
        var head = new byte[2];
        try
        {
            if (await _stream.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, _timeLimit.Token) == 0)
            {
                return null;
            }

            Assert.That(head[1] & 0x80, Is.Zero, "a server masks nothing");
            var size = new byte[head[1] is 126 ? 2 : head[1] is 127 ? 8 : 0];
            await _stream.ReadExactlyAsync(size, _timeLimit.Token);
            var length = size.Length switch
            {
                2 => BinaryPrimitives.ReadUInt16BigEndian(size),
                8 => (int)BinaryPrimitives.ReadUInt64BigEndian(size),
                _ => head[1],
            };
            var payload = new byte[length];
            await _stream.ReadExactlyAsync(payload, _timeLimit.Token);
            return (head[0], payload);
        }
        catch (IOException exception) when (exception.InnerException is SocketException)
        {
            // Reset: it closed while something was on its way to it.
            return null;
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _timeLimit.Dispose();
    }
}
