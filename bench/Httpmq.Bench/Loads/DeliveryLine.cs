using System.Buffers.Text;

namespace Httpmq.Bench.Loads;

/// <summary>Finds what is needed in a line of a subscription, by the order of its fields that the contract promises.</summary>
internal readonly record struct DeliveryLine(long Stream, long Consumer)
{
    public static DeliveryLine Parse(ReadOnlySpan<byte> line)
    {
        var stream = After(line, "\"sequence\":{\"stream\":"u8, out var rest);
        var consumer = After(rest, ",\"consumer\":"u8, out _);
        return new DeliveryLine(stream, consumer);
    }

    /// <summary>Decodes the message, which is the last field.</summary>
    public static int Decode(ReadOnlySpan<byte> line, Span<byte> message)
    {
        var name = "\"b64_msg\":\""u8;
        var start = line.LastIndexOf(name) + name.Length;
        var text = line[start..line.LastIndexOf((byte)'"')];
        Base64.DecodeFromUtf8(text, message, out _, out var written);
        return written;
    }

    private static long After(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> rest)
    {
        var start = line.IndexOf(name);
        if (start < 0 || !Utf8Parser.TryParse(line[(start + name.Length)..], out long value, out var digits))
        {
            throw new BenchException($"not a delivery: {System.Text.Encoding.UTF8.GetString(line)}");
        }

        rest = line[(start + name.Length + digits)..];
        return value;
    }
}
