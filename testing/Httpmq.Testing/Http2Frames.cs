using System.Buffers.Binary;
using System.Text;

namespace Httpmq.Testing;

/// <summary>
/// The few words of HTTP/2 with which a client says what no library would (RFC 9113; RFC 7541, 6.2.2: literals, not indexed).
/// </summary>
internal static class Http2Frames
{
    public const int HeadLength = 9;
    public const int LargestPayload = 16_384;

    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte ResetStream = 3;
    public const byte Settings = 4;
    public const byte GoAway = 7;
    public const byte EndStream = 1;
    public const byte Acknowledgement = 1;
    public const byte EndHeaders = 4;

    /// <summary>What a client begins with, and its settings.</summary>
    public static byte[] Opening(params byte[] settings) => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, settings)];

    public static byte[] RequestHead(string method, string authority, byte[] path) =>
    [
        .. Literal(":method", Encoding.ASCII.GetBytes(method)), .. Literal(":scheme", "http"u8.ToArray()),
        .. Literal(":authority", Encoding.ASCII.GetBytes(authority)), .. Literal(":path", path),
    ];

    public static byte[] Literal(string name, byte[] value) => [0, .. Text(Encoding.Latin1.GetBytes(name)), .. Text(value)];

    public static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[HeadLength + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, HeadLength);
        return frame;
    }

    /// <summary>The next frame; throws at the end of the connection.</summary>
    public static async Task<(byte Type, byte Flags, byte[] Payload)> ReadAsync(Stream input, CancellationToken cancellationToken)
    {
        var head = new byte[HeadLength];
        await input.ReadExactlyAsync(head, cancellationToken);
        var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
        await input.ReadExactlyAsync(payload, cancellationToken);
        return (head[3], head[4], payload);
    }

    private static byte[] Text(byte[] bytes) =>
        bytes.Length < 127 ? [(byte)bytes.Length, .. bytes] : throw new ArgumentException("too long for one byte of length", nameof(bytes));
}
