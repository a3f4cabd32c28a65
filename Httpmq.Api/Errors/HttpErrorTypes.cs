using Httpmq.Domain.Errors;

namespace Httpmq.Api.Errors;

/// <summary>What is wrong with a request as HTTP has it, before anybody looks at what it asks for.</summary>
internal static class HttpErrorTypes
{
    public static readonly ErrorType MalformedRequest = new("malformed-request", ErrorKind.InvalidInput);
    public static readonly ErrorType RouteNotFound = new("route-not-found", ErrorKind.NotFound);
    public static readonly ErrorType MethodNotAllowed = new("method-not-allowed", ErrorKind.MethodNotAllowed);
    public static readonly ErrorType WebPageRefused = new("web-page-refused", ErrorKind.Forbidden);
    public static readonly ErrorType RequestTooSlow = new("request-too-slow", ErrorKind.TooSlow);
    public static readonly ErrorType LengthRequired = new("length-required", ErrorKind.InvalidInput);
    public static readonly ErrorType BodyTooLarge = new("body-too-large", ErrorKind.TooLarge);
    public static readonly ErrorType UrlTooLong = new("url-too-long", ErrorKind.InvalidInput);
    public static readonly ErrorType HeadersTooLarge = new("headers-too-large", ErrorKind.InvalidInput);
    public static readonly ErrorType HttpVersion = new("http-version-not-supported", ErrorKind.InvalidInput);
    public static readonly ErrorType UnsupportedEncoding = new("unsupported-encoding", ErrorKind.Unsupported);
    public static readonly ErrorType UnknownName = new("unknown-name", ErrorKind.InvalidInput);
    public static readonly ErrorType RateLimited = new("rate-limited", ErrorKind.TooMany);
    public static readonly ErrorType AnswerTimeout = new("answer-timeout", ErrorKind.Timeout);
    public static readonly ErrorType ServerStopping = new("server-stopping", ErrorKind.Unavailable);
    public static readonly ErrorType Internal = new("internal-error", ErrorKind.Internal);

    /// <summary>Of what the server refuses by itself, which has its own status and no other sign.</summary>
    public static ErrorType OfRejection(int status) => status switch
    {
        StatusCodes.Status408RequestTimeout => RequestTooSlow,
        StatusCodes.Status411LengthRequired => LengthRequired,
        StatusCodes.Status413PayloadTooLarge => BodyTooLarge,
        StatusCodes.Status414UriTooLong => UrlTooLong,
        StatusCodes.Status431RequestHeaderFieldsTooLarge => HeadersTooLarge,
        StatusCodes.Status505HttpVersionNotsupported => HttpVersion,
        _ => MalformedRequest,
    };
}
