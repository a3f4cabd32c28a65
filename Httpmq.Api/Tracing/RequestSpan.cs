using System.Diagnostics;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Api.Tracing;

/// <summary>
/// What Httpmq adds to the span of a request. ASP.NET Core makes that while somebody traces, and OpenTelemetry's instrumentation describes
/// it.
/// </summary>
internal static class RequestSpan
{
    /// <summary>At the start of the request, where its span is the current one.</summary>
    public static void NoteId(string requestId)
    {
        if (Activity.Current is { IsAllDataRequested: true } span)
        {
            span.SetTag("httpmq.request_id", requestId);
        }
    }

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

        if (span.IsAllDataRequested)
        {
            // As the instrumentation does at the request's end, which is too late then.
            span.SetTag("http.response.status_code", status);
            if (http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route })
            {
                span.SetTag("http.route", route);
                span.DisplayName = $"{http.Request.Method} {route}";
            }
        }

        span.Stop();
        Activity.Current = null;
    }

    private static Activity? Of(HttpContext http) => http.Features.Get<IHttpActivityFeature>()?.Activity;
}
