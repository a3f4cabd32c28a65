using Httpmq.Api.Errors;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Refuses a compressed body. Every route reads its body as it comes, and would complain about bytes that the client never wrote.
/// </summary>
internal sealed class BodyEncodingMiddleware(RequestDelegate next)
{
    private const string Identity = "identity";

    public Task InvokeAsync(HttpContext context)
    {
        var encoding = context.Request.Headers.ContentEncoding;

        // A path or method that no route takes is 404 or 405, whatever it carries; a GET has no body to decode.
        return encoding.Count == 0 || IsIdentity(encoding) || !HasBody(context.Request.Method) || context.GetEndpoint() is not RouteEndpoint
            ? next(context)
            : Refuse(context, encoding.ToString());
    }

    private static bool HasBody(string method) => !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsDelete(method);

    private static bool IsIdentity(string? encoding) => string.IsNullOrEmpty(encoding) || string.Equals(encoding, Identity, StringComparison.OrdinalIgnoreCase);

    private static async Task Refuse(HttpContext context, string encoding)
    {
        context.Response.Headers.AcceptEncoding = Identity;
        ErrorResponses.Write(
            context,
            StatusCodes.Status415UnsupportedMediaType,
            "Unsupported Content-Encoding",
            $"Content-Encoding: '{encoding}': the body is taken as it is and never decompressed; send it uncompressed and without this header");
        await RejectedBody.LingerAsync(context);
    }
}
