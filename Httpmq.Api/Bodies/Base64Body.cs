using Httpmq.Domain.Messages;
using Httpmq.Api.Errors;
using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Bodies;

/// <summary>
/// A message from a request body: standard base64 with padding, CR and LF skipped, in a rented buffer; dispose it when the
/// message was sent.
/// </summary>
internal readonly struct Base64Body(byte[] buffer, int length, BodyBuffers buffers) : IDisposable
{
    // A client that only announces a large body must not make the gateway reserve memory for it.
    private const int LargestFirstBuffer = 64 * 1024;

    // Line breaks cost bytes too: a body may hold one CRLF per 4 characters, and some more.
    private const int SlackBytes = 4096;

    private static readonly SearchValues<byte> Allowed = SearchValues.Create([.. Alphabet, .. "=\r\n"u8]);

    private static ReadOnlySpan<byte> Alphabet => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    public ReadOnlyMemory<byte> Message => buffer.AsMemory(0, length);

    /// <summary>
    /// Reads and decodes the whole body. Throws <see cref="HttpmqException"/>: <see cref="ErrorKind.InvalidInput"/> with the
    /// position for anything but base64 and for an empty message, <see cref="ErrorKind.TooLarge"/> while reading, as soon as
    /// the message must become larger than <paramref name="maxMessage"/> bytes. Where the body takes longer than
    /// <paramref name="timeouts"/> allows, <see cref="BadHttpRequestException"/> with status 408;
    /// <see cref="ErrorKind.Unavailable"/> where <paramref name="buffers"/> are used up.
    /// </summary>
    public static async ValueTask<Base64Body> ReadAsync(
        PipeReader reader,
        long? contentLength,
        int maxMessage,
        BodyBuffers buffers,
        BodyTimeouts timeouts,
        CancellationToken cancellationToken)
    {
        var maxBody = MaxBody(maxMessage);
        if (contentLength > maxBody)
        {
            throw TooLarge(maxMessage);
        }

        var body = buffers.Rent((int)Math.Min(LargestFirstBuffer, contentLength ?? BodyBuffers.Small));
        var length = 0;
        BodyDeadline? deadline = null;
        try
        {
            while (true)
            {
                if (!reader.TryRead(out var result))
                {
                    deadline ??= new BodyDeadline(timeouts, cancellationToken);
                    result = await deadline.ReadAsync(reader, length);
                }

                try
                {
                    if (length + result.Buffer.Length > maxBody)
                    {
                        throw TooLarge(maxMessage);
                    }

                    if (length + result.Buffer.Length > body.Length)
                    {
                        Grow(ref body, length, (int)Math.Max(
                            length + result.Buffer.Length, Math.Min(maxBody, contentLength ?? 2L * length)), buffers);
                    }

                    Append(body, ref length, result.Buffer);
                }
                finally
                {
                    // Also when it is refused: the server may have to read the rest of the request.
                    reader.AdvanceTo(result.Buffer.End);
                }

                if (result.IsCompleted)
                {
                    return Decode(body, length, maxMessage, buffers);
                }
            }
        }
        catch
        {
            buffers.Return(body);
            throw;
        }
        finally
        {
            deadline?.Dispose();
        }
    }

    public void Dispose() => buffers.Return(buffer);

    private static long MaxBody(int maxMessage) => (((long)maxMessage + 2) / 3 * 6) + SlackBytes;

    /// <summary>The caller's buffer is replaced before anything can throw, so that each is returned to the pool exactly once.</summary>
    private static void Grow(ref byte[] body, int length, int size, BodyBuffers buffers)
    {
        var larger = buffers.Rent(size);
        body.AsSpan(0, length).CopyTo(larger);
        buffers.Return(body);
        body = larger;
    }

    private static void Append(byte[] body, ref int length, in ReadOnlySequence<byte> more)
    {
        foreach (var segment in more)
        {
            var illegal = segment.Span.IndexOfAnyExcept(Allowed);
            if (illegal >= 0)
            {
                throw Illegal(length + illegal);
            }

            segment.Span.CopyTo(body.AsSpan(length));
            length += segment.Length;
        }
    }

    private static Base64Body Decode(byte[] body, int length, int maxMessage, BodyBuffers buffers)
    {
        var text = body.AsSpan(0, length);
        RefuseMisplacedPadding(text);
        var breaks = text.IndexOfAny((byte)'\r', (byte)'\n');
        var stripped = breaks < 0 ? length : Strip(text, breaks);
        if (stripped == 0)
        {
            throw new HttpmqException(BodyErrors.Empty);
        }

        // Into another buffer: decoding over itself costs many times as much.
        var message = buffers.Rent(Base64.GetMaxDecodedFromUtf8Length(stripped));
        if (TryDecode(text[..stripped], message, out var written) && written <= maxMessage)
        {
            buffers.Return(body);
            return new Base64Body(message, written, buffers);
        }

        buffers.Return(message);
        throw TooLarge(maxMessage);
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

    private static HttpmqException TooLarge(int maxMessage) => new(PublishErrors.TooLarge(maxMessage));
}
