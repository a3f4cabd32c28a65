using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using static Httpmq.Api.Errors.ErrorText;

namespace Httpmq.Api.Errors;

/// <summary>What is said of requests: as HTTP has them, their names and parameters, and their bodies.</summary>
internal static class HttpTexts
{
    private const string MalformedRequest = "Malformed request";
    private const string Base64Body = "Failed to base64 decode body";
    private const string HowToEncode =
        "; the body must be the message as base64 text: encode it first, for example with 'base64 < file | curl --data-binary @- …'";

    public static readonly Dictionary<ErrorType, ErrorText> All = new()
    {
        [HttpErrorTypes.MalformedRequest] = new(MalformedRequest, static error =>
            error.Has("header") ? "{header}: the value has a control character ({character})"
            : error.Has("unread") ? "{reason}; this record and all that follow were not read"
            : "{reason}"),
        [AccessErrorTypes.NotPermitted] = new("Not permitted", static error => (string?)error["action"] switch
        {
            "publish" => "{caller} may not publish to subject {subject:q}",
            "consume" => "{caller} may not use consumer {consumer} of stream {stream}",
            _ => "{caller} may not {action} stream {stream}",
        }),
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
        [HttpErrorTypes.UnknownName] = new("Unknown {kind}", "{names} (refused because of strict=true)"),
        [HttpErrorTypes.AnswerTimeout] = new("JetStream is too slow", "it did not answer all requests within {seconds} s; {fate}"),
        [HttpErrorTypes.ServerStopping] = new("Server stopping", static error =>
            error.Has("unread") ? "this record and all that follow were not read; send them again"
            : error.Operation is { Kind: OperationKind.TellReadiness } ? "the gateway stops"
            : "the gateway stops; subscribe again"),
        [HttpErrorTypes.Internal] = new("Internal error", "the gateway failed; its log has the request id"),

        [RequestErrorTypes.InvalidRequest] = new("Invalid request", "{faults}"),
        [RequestErrorTypes.InvalidStreamName] = new("Invalid stream name", "{reason}"),
        [RequestErrorTypes.InvalidConsumerName] = new("Invalid consumer name", "{reason}"),
        [RequestErrorTypes.InvalidSubject] = new("Invalid subject", "{field}: {value:q} {reason}"),

        [BodyErrorTypes.InvalidJson] = new("Unable to parse request body", "{reason}"),
        [BodyErrorTypes.InvalidBase64] = new(Base64Body, static error => error.Has("cut_short")
            ? "the text ends at input byte {position} within a group of 4 characters; padding with '=' is required" + HowToEncode
            : "illegal base64 data at input byte {position}" + HowToEncode),
        [BodyErrorTypes.EmptyMessage] = new(Base64Body, "the message is empty: the body must be at least one byte as base64"),
        [BodyErrorTypes.TooManyLargeBodies] = new(
            "Too many large requests at once",
            "request bodies hold {limit} bytes already (limits.max_total_body_bytes); nothing was stored or changed"),
    };
}
