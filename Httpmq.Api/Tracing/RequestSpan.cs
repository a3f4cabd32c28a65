using System.Diagnostics;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Api.Tracing;

/// <summary>
/// What Httpmq adds to the span of a request, which ASP.NET Core makes and describes where the request is sampled.
/// </summary>
internal static class RequestSpan
{
    /// <summary>Around the whole request, where its span is the current one.</summary>
    public static Task FollowAsync(HttpContext http, string requestId, RequestDelegate next) =>
        Activity.Current is { IsAllDataRequested: true } span ? FollowAsync(span, http, requestId, next) : next(http);

    /// <summary>Only what the server is to blame for is a failure of its span.</summary>
    public static void NoteError(HttpContext http, Error error, int status)
    {
        if (Of(http) is { IsAllDataRequested: true } span)
        {
            span.SetTag("error.type", error.Type.Slug);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                span.SetStatus(ActivityStatusCode.Error);
            }
        }
    }

    /// <summary>The id of the request's trace, where it is sampled; null: it is not, or nobody traces.</summary>
    public static string? TraceIdOf(HttpContext http) => Of(http) is { Recorded: true } span ? span.TraceId.ToHexString() : null;

    /// <summary>
    /// Ends the span of a request whose answer has no end, once it is open: a span of hours would be seen hours later, if ever. What
    /// follows in this flow has no request's span around it. To be called by the method that goes on, not by one that it awaits.
    /// </summary>
    public static void EndOpening(HttpContext http, int status = StatusCodes.Status200OK)
    {
        if (Of(http) is not { } span)
        {
            return;
        }

        Describe(span, http, status);
        span.Stop();
        Activity.Current = null;
    }

    private static async Task FollowAsync(Activity span, HttpContext http, string requestId, RequestDelegate next)
    {
        span.SetTag("httpmq.request_id", requestId);
        try
        {
            await next(http);
        }
        finally
        {
            Describe(span, http, http.Response.StatusCode);
        }
    }

    /// <summary>What ASP.NET Core, which describes the start, does not know then.</summary>
    private static void Describe(Activity span, HttpContext http, int status)
    {
        if (span.IsStopped)
        {
            return;
        }

        span.SetTag("http.response.status_code", status).SetTag("network.protocol.version", http.Request.Protocol["HTTP/".Length..]);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }

        if (http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route })
        {
            span.SetTag("http.route", route);
            span.DisplayName = $"{http.Request.Method} {route}";
        }
    }

    private static Activity? Of(HttpContext http) => http.Features.Get<IHttpActivityFeature>()?.Activity;
}
