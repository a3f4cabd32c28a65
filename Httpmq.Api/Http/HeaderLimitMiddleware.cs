using System.Text;
using Httpmq.Api.Errors;

namespace Httpmq.Api.Http;

/// <summary>
/// Refuses headers beyond <see cref="LimitSettings.MaxHeaderBytes"/>. Kestrel would do that by itself, but over HTTP/2 without a body, and
/// resets the stream, so that clients such as curl show no answer at all. It takes a multiple, see <see cref="KestrelBytes"/>.
/// </summary>
internal sealed class HeaderLimitMiddleware(RequestDelegate next, LimitSettings limits)
{
    /// <summary>What Kestrel takes for this middleware to refuse.</summary>
    public const int KestrelCount = 1000;

    private const int MaxCount = 100;

    // As Kestrel counts: what HPACK adds to a field, and the colon, space and line break of HTTP/1.1.
    private const int Http2Overhead = 32;
    private const int Http1Overhead = 4;

    // Kestrel's buffer of a request, which has to be the larger of the two.
    private const int MostBytes = 1024 * 1024;

    /// <inheritdoc cref="KestrelCount"/>
    public static int KestrelBytes(LimitSettings limits) => Math.Max(limits.MaxHeaderBytes, Math.Min(4 * limits.MaxHeaderBytes, MostBytes));

    public Task InvokeAsync(HttpContext context)
    {
        var overhead = HttpProtocol.IsHttp2(context.Request.Protocol) ? Http2Overhead : Http1Overhead;
        var (count, bytes) = (0, 0L);
        foreach (var (name, values) in HeaderFields.Of(context.Request.Headers))
        {
            foreach (var value in values)
            {
                count++;
                bytes += name.Length + Encoding.UTF8.GetByteCount(value ?? string.Empty) + overhead;
            }
        }

        return count > MaxCount ? RefuseAsync(context, $"the request has {count} headers, and at most {MaxCount} are taken")
            : bytes > limits.MaxHeaderBytes
                ? RefuseAsync(context, $"the headers have {bytes} bytes, and at most {limits.MaxHeaderBytes} are taken "
                    + "(limits.max_header_bytes)")
                : next(context);
    }

    private static Task RefuseAsync(HttpContext context, string reason)
    {
        const int Status = StatusCodes.Status431RequestHeaderFieldsTooLarge;
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        ErrorResponses.Write(context, HttpErrors.Rejected(Status, reason), Status);
        return RejectedBody.LingerAsync(context);
    }
}
