using System.Buffers;
using System.Text;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>Reads what a status message says beside its code.</summary>
internal static class StatusHeaders
{
    public static bool Contain(in ReadOnlySequence<byte> headers, ReadOnlySpan<byte> text) =>
        headers.ToArray().AsSpan().IndexOf(text) >= 0;

    /// <summary>The value of a header, or null.</summary>
    /// <param name="headers">The headers as they came.</param>
    /// <param name="name">The header's name with its colon.</param>
    public static string? Find(in ReadOnlySequence<byte> headers, ReadOnlySpan<byte> name)
    {
        var bytes = headers.ToArray().AsSpan();
        var start = bytes.IndexOf(name);
        if (start < 0)
        {
            return null;
        }

        var value = bytes[(start + name.Length)..];
        var end = value.IndexOf((byte)'\r');
        return Encoding.ASCII.GetString(end < 0 ? value : value[..end]).Trim();
    }

    /// <summary>The first line without the version: code and text.</summary>
    public static string Text(in ReadOnlySequence<byte> headers) => Find(headers, "NATS/1.0"u8) ?? "no reason given";
}
