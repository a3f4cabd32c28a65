using System.Buffers;
using System.IO.Pipelines;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Bodies;

/// <summary>How a message stands in a request body.</summary>
internal enum MessageEncoding
{
    /// <summary>As <see cref="Base64Body"/>.</summary>
    Base64,

    /// <summary>Its bytes, as they are.</summary>
    Raw,
}

/// <summary>A message from a request body, in a rented buffer; dispose it when the message was sent.</summary>
internal readonly struct MessageBody(byte[] buffer, int length, BodyBuffers buffers) : IDisposable
{
    // A client that only announces a large body must not make the gateway reserve memory for it.
    private const int LargestFirstBuffer = 64 * 1024;

    /// <summary>Whether nobody counts it: the number of requests bounds what such bodies hold.</summary>
    public bool IsSmall => buffer.Length <= BodyBuffers.Small;

    public ReadOnlyMemory<byte> Message => buffer.AsMemory(0, length);

    /// <summary>
    /// Reads the whole body. Throws <see cref="HttpmqException"/>: <see cref="ErrorKind.InvalidInput"/> with the
    /// position for anything but base64 where that is expected, <see cref="ErrorKind.TooLarge"/> while reading, as soon as
    /// the message must become larger than <paramref name="maxMessage"/> bytes. Where the body takes longer than
    /// <paramref name="timeouts"/> allows, <see cref="BadHttpRequestException"/> with status 408;
    /// <see cref="ErrorKind.Unavailable"/> where <paramref name="buffers"/> are used up.
    /// </summary>
    public static async ValueTask<MessageBody> ReadAsync(
        PipeReader reader,
        MessageEncoding encoding,
        long? contentLength,
        int maxMessage,
        BodyBuffers buffers,
        BodyTimeouts timeouts,
        CancellationToken cancellationToken)
    {
        var maxBody = encoding is MessageEncoding.Raw ? maxMessage : Base64Body.MaxBody(maxMessage);
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

                    Append(body, encoding, ref length, result.Buffer);
                }
                finally
                {
                    // Also when it is refused: the server may have to read the rest of the request.
                    reader.AdvanceTo(result.Buffer.End);
                }

                if (result.IsCompleted)
                {
                    return encoding is MessageEncoding.Raw
                        ? new MessageBody(body, length, buffers)
                        : Base64Body.Decode(body, length, maxMessage, buffers);
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

    /// <summary>The caller's buffer is replaced before anything can throw, so that each is returned to the pool exactly once.</summary>
    private static void Grow(ref byte[] body, int length, int size, BodyBuffers buffers)
    {
        var larger = buffers.Rent(size);
        body.AsSpan(0, length).CopyTo(larger);
        buffers.Return(body);
        body = larger;
    }

    private static void Append(byte[] body, MessageEncoding encoding, ref int length, in ReadOnlySequence<byte> more)
    {
        foreach (var segment in more)
        {
            if (encoding is MessageEncoding.Base64)
            {
                Base64Body.Check(segment.Span, length);
            }

            segment.Span.CopyTo(body.AsSpan(length));
            length += segment.Length;
        }
    }

    private static HttpmqException TooLarge(int maxMessage) => new(PublishErrors.TooLarge(maxMessage));
}
