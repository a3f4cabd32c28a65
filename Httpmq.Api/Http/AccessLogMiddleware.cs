using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using Httpmq.Domain.Access;
using Microsoft.Net.Http.Headers;

namespace Httpmq.Api.Http;

/// <summary>
/// One line per request at level info; at level debug its headers as well, without those that carry secrets or parts of a message.
/// </summary>
internal sealed class AccessLogMiddleware(RequestDelegate next, ApiServerSettings settings, TimeProvider time, ILoggerFactory loggers)
{
    /// <summary>The name of the log.</summary>
    public const string Category = "Httpmq.Access";

    /// <summary>Stands for a principal that is not known.</summary>
    public const string Nobody = "-";

    private const int MaxHeader = 256;
    private const int MaxHeaders = 8 * 1024;

    // Of these nothing is written, whatever is configured. Some hold the query of the page or of the first URL; a page that opens a
    // WebSocket can send its token nowhere but among the protocols.
    private static readonly FrozenSet<string> Secret = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "X-Goog-IAP-JWT-Assertion", "X-Forwarded-Client-Cert", HeaderNames.Baggage,
        HeaderNames.Referer, "X-Original-URI", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-URI", HeaderNames.SecWebSocketProtocol);

    // Nor of a header with one of these in its name, such as Authorization, Api-Key or X-Amz-Security-Token.
    private static readonly SearchValues<string> SecretWords = SearchValues.Create(
        ["auth", "cookie", "key", "password", "secret", "token"], StringComparison.OrdinalIgnoreCase);

    // Headers and attributes of a message are parts of it.
    private static readonly string[] Content = ["Httpmq-Header-", "Nats-", "ce-"];

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    public Task InvokeAsync(HttpContext context) => _logger.IsEnabled(LogLevel.Information) ? LogAsync(context) : next(context);

    /// <summary>Notes the bytes of an answer that was written without a length. Costs nothing where the request is not logged.</summary>
    public static void CountBytes(HttpContext context, long bytes)
    {
        if (context.Features.Get<Notes>() is { } notes)
        {
            notes.Bytes = bytes;
        }
    }

    /// <summary>Notes that the client left although its answer, which has begun, has an end that it is to wait for.</summary>
    public static void NoteBrokenOff(HttpContext context)
    {
        if (context.Features.Get<Notes>() is { } notes)
        {
            notes.IsBrokenOff = true;
        }
    }

    /// <summary>The principal of a request as one word; <see cref="Nobody"/> where it is not known.</summary>
    public static string PrincipalOf(HttpContext context) =>
        context.Features.Get<Caller>() is { } caller ? PlainText.Word(caller.Name) : Nobody;

    /// <summary>What proxies write for a client that left before its answer began, or before it ended.</summary>
    private static int StatusOf(HttpContext context, Notes notes) =>
        notes.IsBrokenOff || (!context.Response.HasStarted && context.RequestAborted.IsCancellationRequested)
            ? StatusCodes.Status499ClientClosedRequest
            : context.Response.StatusCode;

    private static long BytesOf(HttpContext context, int status, Notes notes) => status == StatusCodes.Status499ClientClosedRequest
        && !context.Response.HasStarted
        ? 0
        : context.Response.ContentLength ?? notes.Bytes;

    private async Task LogAsync(HttpContext context)
    {
        var notes = new Notes();
        context.Features.Set(notes);
        var (method, path, id) = (
            PlainText.Word(context.Request.Method), PlainText.Word(context.Request.Path), PlainText.Word(context.TraceIdentifier));
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            _logger.RequestHeaders(method, path, HeadersOf(context.Request), id);
        }

        var start = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var status = StatusOf(context, notes);
            _logger.Access(
                method,
                path,
                status,
                BytesOf(context, status, notes),
                time.GetElapsedTime(start).TotalMilliseconds,
                id,
                PrincipalOf(context));
        }
    }

    private string HeadersOf(HttpRequest request)
    {
        var text = new StringBuilder();
        foreach (var (name, values) in request.Headers)
        {
            if (Secret.Contains(name) || name.AsSpan().ContainsAny(SecretWords) || settings.DoNotLogHeaders.Contains(name)
                || Array.Exists(Content, prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            if (text.Length > MaxHeaders)
            {
                return text.Append("; ...").ToString();
            }

            var value = values.ToString();
            text.Append(text.Length > 0 ? "; " : string.Empty).Append(name.AsSpan()[..Math.Min(name.Length, MaxHeader)]).Append(": ")
                .Append(value.AsSpan()[..Math.Min(value.Length, MaxHeader)]).Append(value.Length > MaxHeader ? "..." : string.Empty);
        }

        return text.ToString();
    }

    /// <summary>What is learned of a request while it is answered.</summary>
    private sealed class Notes
    {
        public long Bytes { get; set; }

        public bool IsBrokenOff { get; set; }
    }
}
