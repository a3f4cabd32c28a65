using System.Collections.Frozen;
using Microsoft.Net.Http.Headers;

namespace Httpmq.Api.Http;

/// <summary>One line per request at level info; at level debug its headers as well, without those that carry secrets.</summary>
internal sealed class AccessLogMiddleware(RequestDelegate next, ApiServerSettings settings, TimeProvider time, ILoggerFactory loggers)
{
    /// <summary>The name of the log.</summary>
    public const string Category = "Httpmq.Access";

    // Of these nothing is written, whatever is configured.
    private static readonly FrozenSet<string> Secret = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, HeaderNames.Authorization, HeaderNames.ProxyAuthorization, HeaderNames.Cookie, "X-API-Key");

    private static readonly object BrokenOff = new();

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    public Task InvokeAsync(HttpContext context) => _logger.IsEnabled(LogLevel.Information) ? LogAsync(context) : next(context);

    /// <summary>Notes the bytes of an answer that was written without a length.</summary>
    public static void CountBytes(HttpContext context, long bytes) => context.Items[typeof(AccessLogMiddleware)] = bytes;

    /// <summary>Notes that the client left although its answer, which has begun, has an end that it is to wait for.</summary>
    public static void NoteBrokenOff(HttpContext context) => context.Items[BrokenOff] = true;

    /// <summary>What proxies write for a client that left before its answer began, or before it ended.</summary>
    private static int StatusOf(HttpContext context) =>
        context.Items.ContainsKey(BrokenOff) || (!context.Response.HasStarted && context.RequestAborted.IsCancellationRequested)
            ? StatusCodes.Status499ClientClosedRequest
            : context.Response.StatusCode;

    private static long BytesOf(HttpContext context, int status) => status == StatusCodes.Status499ClientClosedRequest
        && !context.Response.HasStarted
        ? 0
        : context.Response.ContentLength ?? (context.Items[typeof(AccessLogMiddleware)] as long? ?? 0);

    private async Task LogAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? string.Empty);
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            var shown = context.Request.Headers.Where(header =>
                !Secret.Contains(header.Key) && !settings.DoNotLogHeaders.Contains(header.Key));
            _logger.RequestHeaders(method, path, string.Join("; ", shown.Select(header => $"{header.Key}: {header.Value}")));
        }

        var start = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var status = StatusOf(context);
            _logger.Access(
                method, path, status, BytesOf(context, status), time.GetElapsedTime(start).TotalMilliseconds, context.TraceIdentifier);
        }
    }
}
