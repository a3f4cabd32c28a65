using System.Collections.Frozen;
using System.Diagnostics;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Api.Tracing;

/// <summary>
/// The span of a request, named and described by OpenTelemetry's conventions
/// (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server). A request that is not sampled has none.
/// </summary>
internal static class RequestSpan
{
    /// <summary>The name of the source, for whoever listens.</summary>
    public const string SourceName = "Httpmq.Requests";

    private static readonly ActivitySource Source = new(SourceName);

    // Anybody can make up others.
    private static readonly FrozenSet<string> Methods =
        FrozenSet.Create(StringComparer.Ordinal, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE");

    /// <summary>Around the whole request.</summary>
    public static Task FollowAsync(HttpContext http, string requestId, RequestDelegate next) =>
        Source.HasListeners() && Create(http.Request) is { } span ? FollowAsync(span, http, requestId, next) : next(http);

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

    // A context that cannot be read counts as none. It is started by the method in whose flow it is to be the current one.
    private static Activity? Create(HttpRequest request)
    {
        var (own, state) = (request.Headers.TraceParent, request.Headers.TraceState);
        var parent = ActivityContext.TryParse(own, state, isRemote: true, out var context) ? context : default;
        return Source.CreateActivity("HTTP", ActivityKind.Server, parent);
    }

    private static async Task FollowAsync(Activity span, HttpContext http, string requestId, RequestDelegate next)
    {
        span.Start();
        http.Features.Set<IHttpActivityFeature>(new SpanOfRequest { Activity = span });
        Describe(span, http.Request);
        span.SetTag("httpmq.request_id", requestId);
        try
        {
            await next(http);
        }
        finally
        {
            Describe(span, http, http.Response.StatusCode);
            span.Stop();
        }
    }

    /// <summary>What is known at its start.</summary>
    private static void Describe(Activity span, HttpRequest request)
    {
        var isKnown = Methods.Contains(request.Method);
        span.DisplayName = isKnown ? request.Method : "HTTP";
        span.SetTag("http.request.method", isKnown ? request.Method : "_OTHER")
            .SetTag("http.request.method_original", isKnown ? null : request.Method)
            .SetTag("url.scheme", request.Scheme)
            .SetTag("url.path", request.Path.Value)
            .SetTag("server.address", request.Host.Host)
            .SetTag("server.port", request.Host.Port)
            .SetTag("network.protocol.version", request.Protocol["HTTP/".Length..])
            .SetTag("user_agent.original", request.Headers.UserAgent is { Count: > 0 } agent ? agent.ToString() : null);
    }

    /// <summary>What is known at its end.</summary>
    private static void Describe(Activity span, HttpContext http, int status)
    {
        if (span.IsStopped)
        {
            return;
        }

        span.SetTag("http.response.status_code", status);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }

        if (http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route })
        {
            span.SetTag("http.route", route);
            span.DisplayName = $"{span.DisplayName} {route}";
        }
    }

    private static Activity? Of(HttpContext http) => http.Features.Get<IHttpActivityFeature>()?.Activity;

    private sealed class SpanOfRequest : IHttpActivityFeature
    {
        public required Activity Activity { get; set; }
    }
}
