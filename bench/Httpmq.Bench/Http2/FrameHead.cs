using System.Buffers.Binary;

namespace Httpmq.Bench.Http2;

/// <summary>The nine bytes before every frame (RFC 9113, 4.1), and the numbers used in them.</summary>
internal readonly record struct FrameHead(int PayloadLength, byte Type, byte Flags, int Stream)
{
    public const int Length = 9;

    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;

    public const byte EndStream = 1;
    public const byte Ack = 1;
    public const byte EndHeaders = 4;

    public bool EndsStream => (Flags & EndStream) != 0;

    public static FrameHead Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt32BigEndian(bytes) >>> 8,
        bytes[3],
        bytes[4],
        BinaryPrimitives.ReadInt32BigEndian(bytes[5..]) & int.MaxValue);
}
