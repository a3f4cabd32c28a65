using Httpmq.Api.Configuration;

namespace Httpmq.Api.Hosting;

/// <summary>One line per request at level info; at level debug its headers as well, without those that carry secrets.</summary>
internal sealed class AccessLogMiddleware(RequestDelegate next, ApiServerSettings settings, TimeProvider time, ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger("Httpmq.Access");

    public Task InvokeAsync(HttpContext context) => _logger.IsEnabled(LogLevel.Information) ? LogAsync(context) : next(context);

    /// <summary>Notes the bytes of an answer that was written without a length.</summary>
    public static void CountBytes(HttpContext context, long bytes) => context.Items[typeof(AccessLogMiddleware)] = bytes;

    /// <summary>What proxies write for a client that left before its answer began; no status was sent then.</summary>
    private static int StatusOf(HttpContext context) => !context.Response.HasStarted && context.RequestAborted.IsCancellationRequested
        ? StatusCodes.Status499ClientClosedRequest
        : context.Response.StatusCode;

    private async Task LogAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? string.Empty);
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            var shown = context.Request.Headers.Where(header => !settings.DoNotLogHeaders.Contains(header.Key));
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
            var bytes = status == StatusCodes.Status499ClientClosedRequest ? 0 : context.Response.ContentLength ?? (context.Items[typeof(AccessLogMiddleware)] as long? ?? 0);
            _logger.Access(method, path, status, bytes, time.GetElapsedTime(start).TotalMilliseconds, context.TraceIdentifier);
        }
    }
}
