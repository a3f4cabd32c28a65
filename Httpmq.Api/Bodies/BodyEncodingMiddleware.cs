using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Bodies;

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
        return encoding.Count > 0 && BodyEncoding.FindOther(encoding) is { } other && HasBody(context.Request.Method)
            && context.GetEndpoint() is RouteEndpoint
            ? Refuse(context, other)
            : next(context);
    }

    private static bool HasBody(string method) =>
        !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsDelete(method);

    private static async Task Refuse(HttpContext context, string encoding)
    {
        context.Response.Headers.AcceptEncoding = Identity;
        ErrorResponses.Write(context, HttpErrors.Encoding(encoding));
        await RejectedBody.LingerAsync(context);
    }
}
