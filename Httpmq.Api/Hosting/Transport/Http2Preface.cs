using System.Buffers;

namespace Httpmq.Api.Hosting.Transport;

/// <summary>What the first bytes of a connection say about its protocol.</summary>
internal enum PrefaceMatch
{
    /// <summary>All bytes so far fit the HTTP/2 preface, which is not complete yet (this includes no bytes at all).</summary>
    Incomplete,

    /// <summary>The whole HTTP/2 preface is there.</summary>
    Http2,

    /// <summary>At least one byte differs from the preface: a matter for the HTTP/1.1 parser, which answers garbage with 400.</summary>
    Http1,
}

/// <summary>
/// The client connection preface, with which every HTTP/2 connection starts (RFC 9113, section 3.4). Its first line was
/// chosen so that no HTTP/1.1 request can look like it, which is why peeking at the bytes decides safely.
/// </summary>
internal static class Http2Preface
{
    public static ReadOnlySpan<byte> Bytes => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public static PrefaceMatch Match(in ReadOnlySequence<byte> received)
    {
        var length = (int)Math.Min(received.Length, Bytes.Length);
        // The bytes may arrive in several segments; 24 bytes are cheaper to copy than to walk.
        Span<byte> head = stackalloc byte[length];
        received.Slice(0, length).CopyTo(head);

        if (!Bytes.StartsWith(head))
        {
            return PrefaceMatch.Http1;
        }

        return length == Bytes.Length ? PrefaceMatch.Http2 : PrefaceMatch.Incomplete;
    }
}
