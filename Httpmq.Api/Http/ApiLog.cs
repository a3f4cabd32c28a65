namespace Httpmq.Api.Http;

/// <summary>What this layer logs: ids 1000 to 1099. Never a payload.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(1000, LogLevel.Information, "{Method} {Path} {Status} {Bytes}B {Milliseconds:0.0}ms {RequestId} {Principal}")]
    public static partial void Access(
        this ILogger logger, string method, string path, int status, long bytes, double milliseconds, string requestId, string principal);

    [LoggerMessage(1001, LogLevel.Debug, "{Method} {Path} {RequestId} headers: {Headers}")]
    public static partial void RequestHeaders(this ILogger logger, string method, string path, string headers, string requestId);

    [LoggerMessage(1002, LogLevel.Debug, "{Method} {Path}: the client disconnected ({Reason}), {RequestId} {Principal}")]
    public static partial void ClientGone(
        this ILogger logger, string method, string path, string reason, string requestId, string principal);

    [LoggerMessage(1003, LogLevel.Error, "{Method} {Path} failed, request id {RequestId}, principal {Principal}")]
    public static partial void RequestFailed(
        this ILogger logger, Exception exception, string method, string path, string requestId, string principal);

    [LoggerMessage(1004, LogLevel.Error, "{Method} {Path} failed, request id {RequestId}, principal {Principal}, trace id {TraceId}")]
    public static partial void TracedRequestFailed(
        this ILogger logger, Exception exception, string method, string path, string requestId, string principal, string traceId);

    [LoggerMessage(1010, LogLevel.Information, "{RequestId} {Principal} subscribed to {Stream}/{Consumer} by {Kind}")]
    public static partial void Subscribed(
        this ILogger logger, string requestId, string principal, string stream, string consumer, string kind);

    [LoggerMessage(1011, LogLevel.Information,
        "{RequestId} {Principal} left {Stream}/{Consumer} by {Kind} after {Deliveries} deliveries, {Bytes}B {Milliseconds:0.0}ms: "
        + "{Reason}")]
    public static partial void Unsubscribed(
        this ILogger logger,
        string requestId,
        string principal,
        string stream,
        string consumer,
        string kind,
        long deliveries,
        long bytes,
        double milliseconds,
        string reason);

    [LoggerMessage(1012, LogLevel.Warning,
        "{RequestId} {Principal}: {Description} was cut off, because its client had read nothing for {Seconds:0} s")]
    public static partial void Stalled(
        this ILogger logger, string requestId, string principal, string description, double seconds);

    [LoggerMessage(1013, LogLevel.Debug, "{RequestId} {Principal}: deliveries of {Stream}/{Consumer} were not acknowledged: {Error}")]
    public static partial void NotAcknowledged(
        this ILogger logger, string requestId, string principal, string stream, string consumer, string error);

    [LoggerMessage(1060, LogLevel.Information, "change action={Action} resource={Resource} status={Status} error={Error} "
        + "principal={Principal} shown_by={ShownBy} address={Address} request_id={RequestId}")]
    public static partial void Changed(
        this ILogger logger,
        string action,
        string resource,
        int status,
        string error,
        string principal,
        string shownBy,
        string address,
        string requestId);

    [LoggerMessage(1061, LogLevel.Warning, "refusal action={Action} resource={Resource} status={Status} error={Error} "
        + "principal={Principal} shown_by={ShownBy} address={Address} request_id={RequestId}")]
    public static partial void Refused(
        this ILogger logger,
        string action,
        string resource,
        int status,
        string error,
        string principal,
        string shownBy,
        string address,
        string requestId);

    [LoggerMessage(1062, LogLevel.Warning, "refusals left out: {Count} in a second")]
    public static partial void RefusalsLeftOut(this ILogger logger, long count);

    [LoggerMessage(1030, LogLevel.Warning,
        "A {Method} request has the unknown {Kind} '{Name}', which is ignored; the answer's warnings say so; logged once per name")]
    public static partial void UnknownName(this ILogger logger, string method, string kind, string name);

    [LoggerMessage(1031, LogLevel.Warning, "{Count} unknown names of fields and parameters were logged; no more will be logged")]
    public static partial void TooManyUnknownNames(this ILogger logger, int count);

    [LoggerMessage(1040, LogLevel.Warning, "{File} has changed: {Keys} principals with keys and {Roles} roles are taken over")]
    public static partial void AccessReplaced(this ILogger logger, string file, int keys, int roles);

    [LoggerMessage(1041, LogLevel.Error, "{File} has changed, and the {Kept} of before are kept: {Reason}")]
    public static partial void AccessKept(this ILogger logger, string file, string kept, string reason);

    [LoggerMessage(1042, LogLevel.Warning, "{File} has changed, and has other rate limits: {Effect}")]
    public static partial void RateLimitsReplaced(this ILogger logger, string file, string effect);

    [LoggerMessage(1043, LogLevel.Warning, "{File} has changed: the level of the log is {Level} from now on")]
    public static partial void LevelReplaced(this ILogger logger, string file, string level);

    [LoggerMessage(1050, LogLevel.Warning, "{What} cannot be sent to {Collector}; what is not sent is lost")]
    public static partial void TelemetryLost(this ILogger logger, string what, Uri collector);

    [LoggerMessage(1051, LogLevel.Warning, "{What} are sent to {Collector} again")]
    public static partial void TelemetrySent(this ILogger logger, string what, Uri collector);

    [LoggerMessage(1020, LogLevel.Warning, "{Warning}")]
    public static partial void Configuration(this ILogger logger, string warning);
}
