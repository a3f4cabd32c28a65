using Httpmq.Domain.Errors;
using static Httpmq.Api.Errors.HttpErrorTypes;

namespace Httpmq.Api.Errors;

/// <summary>Makes the errors of <see cref="HttpErrorTypes"/>.</summary>
internal static class HttpErrors
{
    /// <summary>A subscription, when the gateway stops.</summary>
    public static readonly Error Stopping = new(ServerStopping, null);

    /// <summary>A record of a batch, when the gateway stops.</summary>
    public static readonly Error StoppingUnread = new(ServerStopping, null, ("unread", true));

    /// <summary>Readiness, when the gateway stops.</summary>
    public static readonly Error Draining = new(ServerStopping, new Operation(OperationKind.TellReadiness));

    public static readonly Error Failed = new(Internal, null);

    private static readonly Operation Receiving = new(OperationKind.ReceiveRequest);

    /// <param name="status">The server's.</param>
    /// <param name="reason">What it says.</param>
    public static Error Rejected(int status, string reason) => new(OfRejection(status), Receiving, ("reason", reason));

    /// <summary>The rest of a batch whose body is broken.</summary>
    public static Error Malformed(string reason) => new(MalformedRequest, null, ("reason", reason));

    public static Error Broken(string reason) => new(MalformedRequest, null, ("reason", reason), ("unread", true));

    /// <param name="header">The header that has a control character.</param>
    /// <param name="character">The character.</param>
    public static Error ControlCharacter(string header, char character) =>
        new(MalformedRequest, null, ("header", header), ("character", $"U+{(int)character:X4}"));

    public static Error NoRoute(string advice) => new(RouteNotFound, null, ("advice", advice));

    public static Error Method(string method, string path, string allowed) =>
        new(MethodNotAllowed, null, ("method", method), ("path", path), ("allowed", allowed));

    /// <param name="header">What gives the page away.</param>
    /// <param name="value">Its value, quoted.</param>
    /// <param name="reason">What is wrong with it.</param>
    /// <param name="key">The key of the configuration that permits it.</param>
    public static Error WebPage(string header, string value, string reason, string key) =>
        new(WebPageRefused, null, ("header", header), ("value", value), ("reason", reason), ("key", key));

    public static Error Encoding(string encoding) => new(UnsupportedEncoding, null, ("encoding", encoding));

    public static Error TooLarge(long limit) => new(BodyTooLarge, null, ("limit", limit));

    /// <param name="kind">"field" or "parameter".</param>
    /// <param name="names">A sentence for each name.</param>
    public static Error Unknown(string kind, IReadOnlyList<string> names) => new(UnknownName, null, ("kind", kind), ("names", names));

    /// <param name="key">The key of the configuration that says how much is permitted.</param>
    /// <param name="seconds">After so many there may be a permit again; at least 1.</param>
    public static Error RateLimited(string key, long seconds) =>
        new(HttpErrorTypes.RateLimited, null, ("key", key), ("retry_after", seconds));

    public static Error TimedOut(TimeSpan limit, Effect effect) =>
        new(AnswerTimeout, null, ("seconds", limit.TotalSeconds), ("effect", effect));
}
