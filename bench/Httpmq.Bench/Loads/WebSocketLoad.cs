using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Httpmq.Bench.Loads;

/// <summary>
/// Receives over a WebSocket (HTTP/1.1) until all messages are here. It reads the heads of the frames and skips what they carry; of each
/// piece that is read it looks at the first message's consumer sequence.
/// </summary>
internal sealed class WebSocketLoad(Uri server, string path, int messages)
{
    private const int ReceiveBuffer = 256 * 1024;
    private const int Text = 0x81;
    private const int Close = 0x88;

    private long _received;

    public async Task RunAsync()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Protocol: httpmq.v1.json\r\n\r\n"));
        var buffer = new byte[ReceiveBuffer];
        var filled = await ReceiveAsync(socket, buffer, 0);
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            filled += await ReceiveAsync(socket, buffer, filled);
        }

        if (!buffer.AsSpan(0, filled).StartsWith("HTTP/1.1 101"u8))
        {
            throw new BenchException($"no WebSocket: {Encoding.ASCII.GetString(buffer, 0, filled)}");
        }

        var consumed = end + 4;
        while (true)
        {
            consumed += Take(buffer.AsSpan(consumed, filled - consumed));
            if (_received >= messages)
            {
                return;
            }

            buffer.AsSpan(consumed, filled - consumed).CopyTo(buffer);
            filled -= consumed;
            consumed = 0;
            filled += await ReceiveAsync(socket, buffer, filled);
        }
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] buffer, int filled) =>
        await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var read
            ? read
            : throw new BenchException("the gateway closed the WebSocket");

    /// <summary>Takes the whole frames that are here.</summary>
    private int Take(ReadOnlySpan<byte> bytes)
    {
        var consumed = 0;
        var isChecked = false;
        while (TryReadHead(bytes[consumed..], out var head, out var length) && consumed + head + length <= bytes.Length)
        {
            var frame = bytes.Slice(consumed + head, length);
            if (bytes[consumed] != Text)
            {
                throw new BenchException(bytes[consumed] == Close
                    ? $"the gateway ended the subscription: {Encoding.UTF8.GetString(frame)}"
                    : $"a frame of another kind: {bytes[consumed]}");
            }

            if (!frame.StartsWith("{\"event\""u8))
            {
                _received++;
                if (!isChecked && DeliveryLine.Parse(frame).Consumer is var sequence && sequence != _received)
                {
                    throw new BenchException($"message {_received} has consumer sequence {sequence}");
                }

                isChecked = true;
            }

            consumed += head + length;
        }

        return consumed;
    }

    /// <summary>A server does not mask what it sends (RFC 6455, 5.2).</summary>
    private static bool TryReadHead(ReadOnlySpan<byte> bytes, out int head, out int length)
    {
        head = 2;
        length = bytes.Length > 1 ? bytes[1] : 0;
        if (length == 126)
        {
            head = 4;
        }
        else if (length == 127)
        {
            head = 10;
        }

        if (bytes.Length < head)
        {
            return false;
        }

        length = length switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            127 => (int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]),
            _ => length,
        };
        return true;
    }
}
