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
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte Continuation = 9;
    public const byte EndStream = 1;
    public const byte Acknowledgement = 1;
    public const byte EndHeaders = 4;

    /// <summary>What a client begins with, and its settings.</summary>
    public static byte[] Opening(params byte[] settings) => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, settings)];

    public static byte[] RequestHead(string method, string authority, byte[] path, string scheme = "http") =>
    [
        .. Literal(":method", Encoding.ASCII.GetBytes(method)), .. Literal(":scheme", Encoding.ASCII.GetBytes(scheme)),
        .. Literal(":authority", Encoding.ASCII.GetBytes(authority)), .. Literal(":path", path),
    ];

    public static byte[] Literal(string name, byte[] value) => [0, .. Text(Encoding.Latin1.GetBytes(name)), .. Text(value)];

    /// <summary>A header block in frames of the largest size that is taken without asking.</summary>
    public static byte[] HeaderFrames(int stream, byte[] block, bool endsStream)
    {
        var parts = block.Chunk(LargestPayload).ToArray();
        return [.. parts.SelectMany((part, index) => Frame(
            index == 0 ? Headers : Continuation,
            (byte)((index == 0 && endsStream ? EndStream : 0) | (index == parts.Length - 1 ? EndHeaders : 0)),
            stream,
            part))];
    }

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
    public static async Task<(byte Type, byte Flags, int Stream, byte[] Payload)> ReadAsync(
        Stream input, CancellationToken cancellationToken)
    {
        var head = new byte[HeadLength];
        await input.ReadExactlyAsync(head, cancellationToken);
        var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
        await input.ReadExactlyAsync(payload, cancellationToken);
        return (head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, payload);
    }

    /// <summary>The length with a prefix of seven bits (RFC 7541, 5.1), and the bytes as they are.</summary>
    private static byte[] Text(byte[] bytes)
    {
        const int Prefix = 127;
        if (bytes.Length < Prefix)
        {
            return [(byte)bytes.Length, .. bytes];
        }

        var length = new List<byte> { Prefix };
        var rest = bytes.Length - Prefix;
        for (; rest >= 128; rest /= 128)
        {
            length.Add((byte)((rest % 128) + 128));
        }

        return [.. length, (byte)rest, .. bytes];
    }
}
