using System.Net;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Http;

/// <summary>
/// Who changed what, and who was refused: one line each. A change that may have happened is never left out; refusals, and changes that were
/// not made, are limited (<see cref="RefusalLimit"/>).
/// </summary>
internal sealed class AuditLog : IDisposable
{
    /// <summary>The name of the log.</summary>
    public const string Category = "Httpmq.Audit";

    private readonly ILogger _logger;
    private readonly RefusalLimit _principals;
    private readonly RefusalLimit _strangers;

    public AuditLog(ILoggerFactory loggers, TimeProvider time)
    {
        _logger = loggers.CreateLogger(Category);
        _principals = new RefusalLimit(time, _logger.RefusalsLeftOut);
        _strangers = new RefusalLimit(time, _logger.RefusalsLeftOut);
    }

    public void Dispose()
    {
        _principals.Dispose();
        _strangers.Dispose();
    }

    /// <summary>Whether an answer of this status refuses who asks, and not what they ask.</summary>
    public static bool IsRefusal(int status) =>
        status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status429TooManyRequests;

    /// <summary>Notes a refusal where there is an audit log.</summary>
    public static void Refuse(HttpContext context, Error error, int status)
    {
        if (IsRefusal(status) || error.Type == AccessErrorTypes.InvalidCredentials)
        {
            context.RequestServices?.GetService<AuditLog>()?.Refused(context, error, status);
        }
    }

    /// <summary>Notes a request that was to change something, once it is answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="error">Why it failed; null: it did not.</param>
    public void Changed(HttpContext context, Error? error)
    {
        var response = context.Response;
        var status = !response.HasStarted && context.RequestAborted.IsCancellationRequested
            ? StatusCodes.Status499ClientClosedRequest
            : response.StatusCode;
        var mayHaveHappened = status < 400
            || (status is StatusCodes.Status499ClientClosedRequest or >= 500 && MayChange(context));
        if (!IsRefusal(status) && (mayHaveHappened || TryTake(context)))
        {
            _logger.Changed(
                ActionOf(context),
                ResourceOf(context, error),
                status,
                error?.Type.Slug ?? AccessLogMiddleware.Nobody,
                AccessLogMiddleware.PrincipalOf(context),
                ShownBy(context),
                AddressOf(context),
                PlainText.Word(context.TraceIdentifier));
        }
    }

    private void Refused(HttpContext context, Error error, int status)
    {
        if (TryTake(context))
        {
            _logger.Refused(
                ActionOf(context),
                ResourceOf(context, error),
                status,
                error.Type.Slug,
                AccessLogMiddleware.PrincipalOf(context),
                ShownBy(context),
                AddressOf(context),
                PlainText.Word(context.TraceIdentifier));
        }
    }

    // Whether it got as far as JetStream is not known. Without the right to it, or before its body was read, it did not.
    private static bool MayChange(HttpContext context) =>
        StreamName.TryParse(StreamOf(context), out var stream)
        && context.Features.Get<Caller>() is { } caller && caller.Permissions.Manage(stream);

    private static string? StreamOf(HttpContext context) =>
        context.Request.RouteValues["stream"] as string ?? context.Features.Get<AuditNote>()?.Stream;

    // Who has shown who they are is one, from wherever; of others a network of IPv6 is, which is given to one subscriber. Strangers, of
    // whom there may be many, do not hide what a principal tries.
    private bool TryTake(HttpContext context)
    {
        if (context.Features.Get<Caller>() is { IsIdentified: true } caller)
        {
            return _principals.TryTake(caller.Name);
        }

        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        return _strangers.TryTake(address is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false }
            ? BitConverter.ToInt64(address.GetAddressBytes())
            : address);
    }

    private static string ActionOf(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<RouteNameMetadata>()?.RouteName ?? PlainText.Word(context.Request.Method);

    private static string ShownBy(HttpContext context) => context.Features.Get<Caller>() switch
    {
        { IsIdentified: true } caller => caller.ShownBy,
        _ => AccessLogMiddleware.Nobody,
    };

    private static string AddressOf(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        return (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString() ?? AccessLogMiddleware.Nobody;
    }

    private static string ResourceOf(HttpContext context, Error? error)
    {
        var values = context.Request.RouteValues;
        if (StreamOf(context) is { } stream)
        {
            var rest = values["consumer"] ?? context.Features.Get<AuditNote>()?.Consumer ?? values["sequence"];
            return PlainText.Word(rest is string ? $"{stream}/{rest}" : stream);
        }

        return (values["subject"] ?? error?["subject"] ?? error?["stream"]) is string name
            ? PlainText.Word(name)
            : PlainText.Word(context.Request.Path);
    }
}

/// <summary>What is learned of a request that is to change something. A feature of the request, there only where that is written.</summary>
internal sealed class AuditNote
{
    /// <summary>The stream, where the path does not name it.</summary>
    public string? Stream { get; set; }

    /// <summary>The consumer, where the path does not name it.</summary>
    public string? Consumer { get; set; }

    /// <summary>Why it failed.</summary>
    public Error? Error { get; set; }

    /// <summary>Notes what a definition is to be called.</summary>
    public static void Define(HttpContext context, string? stream, string? consumer = null)
    {
        if (context.Features.Get<AuditNote>() is { } note)
        {
            (note.Stream, note.Consumer) = (stream, consumer);
        }
    }
}

/// <summary>Writes each request that was to change something into the audit log, once who sent it is known.</summary>
internal sealed class AuditMiddleware(RequestDelegate next, AuditLog audit)
{
    public Task InvokeAsync(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) ? next(context) : WatchAsync(context);

    private async Task WatchAsync(HttpContext context)
    {
        var note = new AuditNote();
        context.Features.Set(note);
        try
        {
            await next(context);
        }
        finally
        {
            if (context.GetEndpoint() is RouteEndpoint && context.Features.Get<Caller>() is not null)
            {
                audit.Changed(context, note.Error);
            }
        }
    }
}
