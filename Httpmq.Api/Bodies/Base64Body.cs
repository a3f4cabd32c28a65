using System.Buffers;
using System.Buffers.Text;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Bodies;

/// <summary>Standard base64 with padding; CR and LF are skipped wherever they are.</summary>
internal static class Base64Body
{
    // Line breaks cost bytes too: a body may hold one CRLF per 4 characters, and some more.
    private const int SlackBytes = 4096;

    private static readonly SearchValues<byte> Allowed = SearchValues.Create([.. Alphabet, .. "=\r\n"u8]);

    private static ReadOnlySpan<byte> Alphabet => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    /// <summary>The longest body that can hold a message of this size, in bytes.</summary>
    public static long MaxBody(int maxMessage) => (((long)maxMessage + 2) / 3 * 6) + SlackBytes;

    /// <summary>Refuses what no base64 has, as soon as it is there.</summary>
    /// <param name="part">A part of the body.</param>
    /// <param name="before">How many bytes came before it.</param>
    public static void Check(ReadOnlySpan<byte> part, int before)
    {
        var illegal = part.IndexOfAnyExcept(Allowed);
        if (illegal >= 0)
        {
            throw Illegal(before + illegal);
        }
    }

    /// <summary>Decodes a whole body, whose characters are all allowed, into another buffer; the first one is returned then.</summary>
    public static MessageBody Decode(byte[] body, int length, int maxMessage, BodyBuffers buffers)
    {
        var text = body.AsSpan(0, length);
        RefuseMisplacedPadding(text);
        var breaks = text.IndexOfAny((byte)'\r', (byte)'\n');
        var stripped = breaks < 0 ? length : Strip(text, breaks);
        if (stripped == 0)
        {
            buffers.Return(body);
            return new MessageBody([], 0, buffers);
        }

        // Into another buffer: decoding over itself costs many times as much.
        var message = buffers.Rent(Base64.GetMaxDecodedFromUtf8Length(stripped));
        if (TryDecode(text[..stripped], message, out var written) && written <= maxMessage)
        {
            buffers.Return(body);
            return new MessageBody(message, written, buffers);
        }

        buffers.Return(message);
        throw new HttpmqException(PublishErrors.TooLarge(maxMessage));
    }

    /// <summary>Every character is allowed by now; what can still be wrong is where the text ends.</summary>
    private static void RefuseMisplacedPadding(ReadOnlySpan<byte> text)
    {
        var pad = text.IndexOf((byte)'=');
        var before = pad < 0 ? text : text[..pad];
        var phase = (before.Length - before.Count((byte)'\r') - before.Count((byte)'\n')) % 4;
        if (pad < 0)
        {
            if (phase != 0)
            {
                throw UnexpectedEnd(text.Length);
            }

            return;
        }

        if (phase < 2)
        {
            throw Illegal(pad);
        }

        var missing = 4 - phase;
        for (var index = pad; index < text.Length; index++)
        {
            if (text[index] is (byte)'\r' or (byte)'\n')
            {
                continue;
            }

            if (missing-- == 0 || text[index] != (byte)'=')
            {
                throw Illegal(index);
            }
        }

        if (missing > 0)
        {
            throw UnexpectedEnd(text.Length);
        }
    }

    private static int Strip(Span<byte> text, int from)
    {
        var to = from;
        for (var index = from; index < text.Length; index++)
        {
            if (text[index] is not ((byte)'\r' or (byte)'\n'))
            {
                text[to++] = text[index];
            }
        }

        return to;
    }

    /// <summary>Decodes a base64 text without line breaks; false where it is none. The text may be changed.</summary>
    public static bool TryDecode(Span<byte> text, Span<byte> message, out int written)
    {
        if (Base64.DecodeFromUtf8(text, message, out _, out written) == OperationStatus.Done)
        {
            return true;
        }

        ClearUnusedBits(text);
        return Base64.DecodeFromUtf8(text, message, out _, out written) == OperationStatus.Done;
    }

    /// <summary>
    /// The character before the padding holds 2 or 4 bits of nothing. The original program took any there, as most decoders
    /// do; the framework's takes zeros only.
    /// </summary>
    private static void ClearUnusedBits(Span<byte> text)
    {
        if (text.Length < 4 || text[^1] != '=')
        {
            return;
        }

        var (last, used) = text[^2] == '=' ? (text.Length - 3, 0b110000) : (text.Length - 2, 0b111100);
        if (Alphabet.IndexOf(text[last]) is >= 0 and var bits)
        {
            text[last] = Alphabet[bits & used];
        }
    }

    private static HttpmqException Illegal(int position) => new(BodyErrors.Base64(position));

    private static HttpmqException UnexpectedEnd(int position) => new(BodyErrors.CutShort(position));
}
