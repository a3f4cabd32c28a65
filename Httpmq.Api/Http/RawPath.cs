using System.Text;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Api.Http;

/// <summary>
/// The last segment of the path exactly as the client meant it. The framework leaves <c>%2F</c> undecoded in the path, so
/// that it cannot be told from a literal "%2F"; a message must never go to a subject that was not asked for.
/// </summary>
internal static class RawPath
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="context">The request.</param>
    /// <param name="routed">What the framework made of the segment: as a rule the same, and then no other string is made.</param>
    public static string LastSegment(HttpContext context, string? routed = null)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.AsSpan();
        var query = target.IndexOf('?');
        var path = query < 0 ? target : target[..query];
        var segment = path[(path.LastIndexOf('/') + 1)..];

        // Over HTTP/2 the server lets through what is no ASCII, and so is no URI.
        return segment.ContainsAnyExceptInRange('\0', '\u007F')
            ? throw Malformed(segment)
            : segment.Contains('%') ? Decode(segment)
            : routed is not null && segment.SequenceEqual(routed) ? routed
            : segment.ToString();
    }

    private static string Decode(ReadOnlySpan<char> segment)
    {
        var bytes = new byte[segment.Length];
        var length = 0;
        for (var index = 0; index < segment.Length; index++)
        {
            if (segment[index] != '%')
            {
                bytes[length++] = (byte)segment[index];
                continue;
            }

            if (index + 2 >= segment.Length || !byte.TryParse(
                segment.Slice(index + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, provider: null, out bytes[length++]))
            {
                throw Malformed(segment);
            }

            index += 2;
        }

        try
        {
            return StrictUtf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            throw Malformed(segment);
        }
    }

    private static HttpmqException Malformed(ReadOnlySpan<char> segment) =>
        new(RequestErrors.Subject("subject", segment.ToString(), "is not percent-encoded UTF-8"));
}
