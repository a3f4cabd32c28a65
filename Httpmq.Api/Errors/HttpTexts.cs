using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using static Httpmq.Api.Errors.ErrorText;

namespace Httpmq.Api.Errors;

/// <summary>What is said of requests: as HTTP has them, their names and parameters, and their bodies.</summary>
internal static class HttpTexts
{
    private const string MalformedRequest = "Malformed request";
    private const string Base64Body = "Failed to base64 decode body";
    private const string HowToAuthenticate = "; send a key as 'Authorization: Bearer <key>' or 'X-API-Key: <key>'";
    private const string HowToEncode =
        "; the body must be the message as base64 text: encode it first, for example with 'base64 < file | curl --data-binary @- …'";

    public static readonly Dictionary<ErrorType, ErrorText> All = new()
    {
        [HttpErrorTypes.MalformedRequest] = new(MalformedRequest, static error =>
            error.Has("header") ? "{header}: the value has a control character ({character})"
            : error.Has("unread") ? "{reason}; this record and all that follow were not read"
            : "{reason}"),
        [AccessErrorTypes.NotPermitted] = new("Not permitted", DescribeRefusal),
        [AccessErrorTypes.Unauthenticated] = new("Not authenticated", static error =>
            error.Has("reason") ? "{reason}"
            : error.Has("action") ? DescribeRefusal(error) + HowToAuthenticate
            : "this server answers only those who show who they are" + HowToAuthenticate),
        [AccessErrorTypes.IssuerUnavailable] = new(
            "Token cannot be checked", "the issuer of the token does not answer, or not with its keys; try again"),
        [AccessErrorTypes.InvalidCredentials] = new("Invalid credentials", "{reason}"),
        [HttpErrorTypes.RouteNotFound] = new("Not found", "{advice}"),
        [HttpErrorTypes.MethodNotAllowed] = new("Method not allowed", "{method} is not for {path}; allowed: {allowed}"),
        [HttpErrorTypes.WebPageRefused] = new(
            "Refused: a web page may not use this server",
            "{header}: {value}: {reason}; to permit it, add it to {key}"),
        [HttpErrorTypes.RequestTooSlow] = new(MalformedRequest, "{reason}"),
        [HttpErrorTypes.LengthRequired] = new(MalformedRequest, "{reason}"),
        [HttpErrorTypes.BodyTooLarge] = new("Request body too large", static error =>
            error.Has("reason") ? "{reason}" : "the body has more than {limit} bytes"),
        [HttpErrorTypes.UrlTooLong] = new(MalformedRequest, "{reason}"),
        [HttpErrorTypes.HeadersTooLarge] = new(MalformedRequest, "{reason}"),
        [HttpErrorTypes.HttpVersion] = new(MalformedRequest, "{reason}"),
        [HttpErrorTypes.UnsupportedEncoding] = new(
            "Unsupported Content-Encoding",
            "Content-Encoding: '{encoding}' is not supported; send the body uncompressed, without this header"),
        [HttpErrorTypes.UnknownName] = new("Unknown {kind}", static error => error.Has("final")
            ? "{names} (refused, because what this request does cannot be undone)"
            : error.Has("wrapper") ? "{names} (refused, because nothing in it would be taken: send what is in {wrapper} itself)"
            : "{names} (refused because of strict=true)"),
        [HttpErrorTypes.RateLimited] = new(
            "Too many requests", "more is asked than {key} permits; nothing was done; try again in {retry_after} s"),
        [HttpErrorTypes.AnswerTimeout] = new("JetStream is too slow", "it did not answer all requests within {seconds} s; {outcome}"),
        [HttpErrorTypes.ServerStopping] = new("Server stopping", static error =>
            error.Has("unread") ? "this record and all that follow were not read; send them again"
            : error.Operation is { Kind: OperationKind.TellReadiness } ? "the gateway is stopping"
            : error.Operation is { Kind: OperationKind.Pull } ? "the gateway is stopping, and nothing came until now; pull again"
            : "the gateway is stopping; subscribe again"),
        [HttpErrorTypes.Internal] = new("Internal error", "the gateway failed; its log has the request id"),

        [RequestErrorTypes.InvalidRequest] = new("Invalid request", "{values}"),
        [RequestErrorTypes.InvalidStreamName] = new("Invalid stream name", "{reason}"),
        [RequestErrorTypes.InvalidConsumerName] = new("Invalid consumer name", "{reason}"),
        [RequestErrorTypes.InvalidSubject] = new("Invalid subject", "{field}: {value:q} {reason}"),

        [BodyErrorTypes.InvalidJson] = new("Unable to parse request body", "{reason}"),
        [BodyErrorTypes.InvalidBase64] = new(Base64Body, static error => error.Has("cut_short")
            ? "the text ends at input byte {position} within a group of 4 characters; padding with '=' is required" + HowToEncode
            : "illegal base64 data at input byte {position}" + HowToEncode),
        [BodyErrorTypes.EmptyMessage] = new(Base64Body, static error => error.Has("raw")
            ? "the message is empty: the body must be at least one byte"
            : "the message is empty: the body must be at least one byte as base64"),
        [BodyErrorTypes.InvalidCloudEvent] = new("Invalid CloudEvent", "{reason}"),
        [BodyErrorTypes.TooManyLargeBodies] = new(
            "Too many large requests at once",
            "request bodies hold {limit} bytes already (limits.max_total_body_bytes); nothing was stored or changed"),
    };

    private static string DescribeRefusal(Error error) => (string?)error["action"] switch
    {
        "publish" => "{caller} may not publish to subject {subject:q}",
        "consume" => "{caller} may not use consumer {consumer} of stream {stream}",
        "read" when error.Has("subject") => "{caller} may not read all of subject {subject:q}",
        "read" => "{caller} may not read message {sequence} of stream {stream}, or it is not there",
        "touch" => "{caller} may not set {field} to {value:q}: it reaches further than what they may do (docs/security.md)",
        "see-server" => "{caller} may not see what the gateway is connected to",
        _ => "{caller} may not {action} stream {stream}",
    };
}
