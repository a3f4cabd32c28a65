using Httpmq.Domain.Errors;
using static Httpmq.Api.Errors.ErrorText;
using static Httpmq.Domain.Errors.ConnectionErrorTypes;
using static Httpmq.Domain.Errors.JetStreamErrorTypes;

namespace Httpmq.Api.Errors;

/// <summary>What is said of the connection to NATS, and of what JetStream refuses whatever was asked.</summary>
internal static class NatsTexts
{
    public static readonly Dictionary<ErrorType, ErrorText> All = new()
    {
        [NatsUnavailable] = new("NATS is not available", static error => error.Has("leaving")
            ? "nats-server at {leaving} is about to stop (lame duck mode), no other answers yet, and the gateway keeps trying; "
                + "nothing was stored or changed"
            : "the gateway has no connection to NATS at the moment and keeps trying; nothing was stored or changed"),
        [ConnectionLost] = Of("the connection to NATS was lost before JetStream answered; {outcome}"),
        [JetStreamTimeout] = Of("JetStream did not answer within {seconds} s; {outcome}"),
        [JetStreamNotEnabled] = Of(static error => error.Has("err_code")
            ? Refusal
            : "JetStream is not enabled on nats-server {server} at {address}; start it with -js, "
                + "or set nats.server_uri to one that has it; {outcome}"),
        [JetStreamSilent] = Of(static error => error.Operation is { Kind: OperationKind.Publish }
            ? "JetStream does not answer at the moment; {outcome}, try again"
            : "JetStream does not answer: it is starting, stopping, or has no leader at the moment; {outcome}, try again"),
        [ForeignAnswer] = Of("something other than JetStream answered its API: look for a stream with subjects below $JS"),
        [UnreadableAnswer] = Of("JetStream's answer could not be read: {reason}"),
        [NotPermitted] = Of(
            "nats-server does not permit the gateway's NATS user to publish to {subject} (permissions violation); {outcome}"),
        [RequestTooLarge] = Of("the request to JetStream has {size} bytes, and the NATS server takes {limit} (max_payload); {outcome}"),
        [ServerTooOld] = Of(static error => "{field} needs nats-server {since} or later, and "
            + (error.Has("server") ? "the connected one is {server}"
                : error["peer"] is null ? "the one of the cluster that it falls to is older"
                : "the one of the cluster that it falls to is {peer}")
            + (error.Has("left") ? "; what was written without it could not be taken back: {left}" : "; {outcome}")),
        [NotReady] = Of(static error =>
            error.Has("cause") ? "{cause}"
            : error.Has("seconds") ? "no answer within {seconds} s"
            : "{reason}"),
        [RepliesNotHeard] = Of(
            "JetStream answers, but not on the subscription that publishes and acknowledgements use; it is being renewed"),

        [JetStreamErrorTypes.Unavailable] = Of(Refusal),
        [Invalid] = Of(static error => error.Has("replicas")
            ? "replicas: {replicas} needs as many nats-servers that run and have room; ask for fewer, or start more" + BehindRefusal
            : Refusal),
        [Refused] = Of(static error => error.Has("filter")
            ? "filter_subject: {filter:q} is not within the subjects of stream {stream} ({subjects:q})" + BehindRefusal
            : Refusal),
        [JetStreamErrorTypes.NotFound] = Of(Refusal),
        [GaveUp] = Of(Refusal),
        [JetStreamErrorTypes.Conflict] = Of(Refusal),
        [JetStreamErrorTypes.PreconditionFailed] = Of(Refusal),
        [JetStreamErrorTypes.TooLarge] = Of(Refusal),
        [JetStreamErrorTypes.NotSupported] = Of(Refusal),
        [JetStreamErrorTypes.OutOfResources] = Of(Refusal),
        [FailedType] = Of(Refusal),
        [TooManyRequestsType] = Of(Refusal),
        [TooManyBatchesType] = Of(Refusal),
        [AccountLimitType] = Of(Refusal),
        [NoResourcesType] = Of(Refusal),
        [MemoryFullType] = Of(Refusal),
        [StorageFullType] = Of(Refusal),
        [StoreFailedType] = Of(Refusal),
    };
}
