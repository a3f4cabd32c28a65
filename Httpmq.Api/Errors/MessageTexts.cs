using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using static Httpmq.Api.Errors.ErrorText;
using static Httpmq.Domain.Errors.JetStreamErrorTypes;

namespace Httpmq.Api.Errors;

/// <summary>What is said of publishing and acknowledging.</summary>
internal static class MessageTexts
{
    private const string InvalidRecord = "Invalid record";
    private const string WhoLimits = " (the NATS server's max_payload, or limits.max_message_bytes)";
    private const string Swapped = "; did you swap stream and consumer?";
    private const string NeverSent = "stream: consumer {consumer} was never sent a message with stream sequence {sequence}";

    // With one copy of the consumer, nats-server writes what it has sent some 100 ms later.
    private const string Forgotten =
        " (or nats-server was killed a moment after it sent it, and has forgotten that: then the message comes again)";

    public static readonly Dictionary<ErrorType, ErrorText> All = new()
    {
        [PublishErrorTypes.SubjectNotClaimed] = Of("no stream takes this subject; define one with POST /v1/admin/stream"),
        [PublishErrorTypes.StreamWithoutLeader] = Of("stream {stream} has no leader at the moment; {outcome}, try again"),
        [PublishErrorTypes.NotTaken] = Of(static error => error["cause"] is null
            ? "no stream took it, and JetStream does not say why (it did not answer); {outcome}, try again"
            : "no stream took it, and JetStream does not say why ({cause}); {outcome}, try again"),
        [PublishErrorTypes.ForeignListener] = Of(
            "a client that is not JetStream listens on the subject and answered first; the message may have been stored"),
        [PublishErrorTypes.TooManyWaiting] = Of(static error => error.Operation is { Kind: OperationKind.Publish }
            ? "too many messages wait for JetStream's answer; {outcome}, try again"
            : "too many requests wait for JetStream's answer; {outcome}, try again"),
        [PublishErrorTypes.Timeout] = Of("JetStream did not answer in time; the message may have been stored"),
        [PublishErrorTypes.Interrupted] = Of(
            "the connection to NATS was lost before JetStream answered; the message may have been stored"),
        [MessageTooLargeType] = new("Message too large", static error =>
            error.Has("err_code") ? Refusal
            : error.Has("field") ? "{field}: the message has {size} bytes, and at most {limit} are taken" + WhoLimits
            : error.Has("size") ? "the message has {size} bytes, and at most {limit} are taken" + WhoLimits
            : "the message has more than {limit} bytes" + WhoLimits),
        [MessageInProcessType] = Of(Refusal),
        [RollupNotPermittedType] = Of(Refusal),
        [InvalidTimeToLiveType] = Of(Refusal),
        [TimeToLiveNotPermittedType] = Of(Refusal),
        [CounterRefusedType] = Of(Refusal),
        [ScheduleRefusedType] = Of(Refusal),
        [AtomicBatchRefusedType] = Of(Refusal),
        [AtomicBatchDuplicateType] = Of(Refusal),
        [PublishErrorTypes.ScheduleDiscarded] = Of(
            "stream {stream} keeps only what a consumer wants (retention interest), and no consumer wants this subject: JetStream would "
            + "drop the schedule; {outcome}"),
        [WrongStreamType] = Of(static error =>
            error.Has("wanted") ? "expected is stream {wanted}, and stream {current} takes the subject; {outcome}" : Refusal),
        [PublishErrorTypes.OutsideAtomicBatch] = Of(
            "stream {stream}, which takes the first record of the batch, does not take this subject; {outcome}"),
        [PublishErrorTypes.NotInAtomicBatch] = new("Invalid record", "{field}: {reason}; nothing was stored"),
        [PublishErrorTypes.StoredWithoutBatch] = Of(
            "a nats-server that knows no atomic batches has stored a message of this one by itself; some may be stored and others not"),
        [WrongLastMessageIdType] = Of(Refusal),
        [WrongLastSequenceType] = Of(Refusal),

        [BatchErrorTypes.Empty] = new(
            "Empty batch",
            "the body has no record; send one JSON object per line, such as {\"subject\":\"orders.new\",\"b64_msg\":\"aGk=\"}"),
        [BatchErrorTypes.InvalidRecord] = new(InvalidRecord, static error =>
            error.Has("field") ? "{field}: '{value:s}' {reason}" : "{reason}"),
        [BatchErrorTypes.RecordTooLong] = new(InvalidRecord, "the line is longer than the largest message" + WhoLimits),
        [BatchErrorTypes.TooManyRecords] = new("Too many records", "an atomic batch has at most {limit}; nothing was stored"),
        [BatchErrorTypes.TooMany] = new("Too many batches", "{limit} are open (limits.max_batches)"),

        [AckErrorTypes.Invalid] = new("Invalid acknowledgement", "{reason}"),
        [AckErrorTypes.WrongCount] = new("Invalid acknowledgement", static error => error["or_more"] is true
            ? "{count} or more pairs: a request takes 1 to {limit}"
            : "{count} pairs: a request takes 1 to {limit}"),
        [AckErrorTypes.WrongEntryCount] = new("Invalid settlement", static error => error["or_more"] is true
            ? "{count} or more entries: a request takes 1 to {limit}, all verbs together; nothing was settled"
            : "{count} entries: a request takes 1 to {limit}, all verbs together; nothing was settled"),
        [AckErrorTypes.NeverSent] = Of(static error =>
            NeverSent + (error["swapped"] is true ? Swapped : string.Empty) + ForgottenBy(error)),
        [AckErrorTypes.BeyondDeliveries] = Of(static error =>
            "consumer: {delivery} is beyond the {made} deliveries that consumer {consumer} has made" + Swapped + ForgottenBy(error)),
        [AckErrorTypes.AnotherMessage] = Of(NeverSent + " as delivery {delivery}, which was another message" + Swapped),
        [AckErrorTypes.NotKnownYet] = Of(
            "consumer {consumer} knows of no such delivery, but it may have another leader since a moment ago, which "
            + "does not know yet what "
            + "the one before it sent; {outcome}, try again, or wait until the message comes again"),
        [AckErrorTypes.NotSent] = Of(
            "not sent, because those before it in the request were not confirmed in time; {outcome}, try again"),
        [AckErrorTypes.Timeout] = Of(static error => error.Operation is { Kind: OperationKind.Settle }
            ? "JetStream did not confirm in time; it may have been done, and doing it again is safe"
            : "JetStream did not confirm in time; the message may have been acknowledged, and acknowledging again is safe"),
        [AckErrorTypes.Interrupted] = Of(static error => error.Operation is { Kind: OperationKind.Settle }
            ? "the connection to NATS was lost before JetStream confirmed; doing it again is safe"
            : "the connection to NATS was lost before JetStream confirmed; acknowledging again is safe"),
        [AckErrorTypes.ForeignAnswer] = Of(static error => error["is_stream"] is true
            ? "a stream answered in the consumer's place: look for one with subjects below $JS"
            : "a client that is not JetStream answered in the consumer's place: look for a stream or a client with subjects below $JS"),
    };

    private static string ForgottenBy(Error error) => error["only_copy"] is true ? Forgotten : string.Empty;
}
