using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using static Httpmq.Api.Errors.ErrorText;
using static Httpmq.Domain.Errors.JetStreamErrorTypes;

namespace Httpmq.Api.Errors;

/// <summary>What is said of streams, consumers and their definitions.</summary>
internal static class ResourceTexts
{
    private const string AnotherName = "; delete the stream first, or use another name" + BehindRefusal;
    private const string Difference = "{field}: the stream has {current}, and {wanted} was asked for";

    public static readonly Dictionary<ErrorType, ErrorText> All = new()
    {
        [StreamNotFoundType] = new("Stream {stream} not found", Refusal + "; define it with POST /v1/admin/stream (GET lists all)"),
        [StreamExistsType] = Of(DescribeDifference),
        [SubjectsOverlapType] = Of(static error => error.Has("taken")
            ? "subjects: '{subject}' overlaps with '{taken}' of stream {other_stream}" + BehindRefusal
            : Refusal),
        [InvalidConfigurationType] = Of(Refusal),
        [ReplicasNeedClusterType] = Of(static error => error.Has("replicas")
            ? "replicas: {replicas} needs a cluster of at least as many nats-servers, and this is a single one; "
                + "leave replicas out, or set it to 1"
                + BehindRefusal
            : Refusal),
        [TooManyStreamsType] = Of(Refusal),
        [StreamSealedType] = Of(Refusal),
        [StreamChangingType] = Of(Refusal),
        [StreamOfflineType] = Of(Refusal),
        [PurgeNotPermittedType] = Of(Refusal),
        [DeleteNotPermittedType] = Of(Refusal),
        [MessageNotFoundType] = Of(Refusal),

        [DefinitionErrorTypes.TooManyChanges] = Of("{limit} other changes of it wait already; {outcome}, try again"),
        [DefinitionErrorTypes.ChangeUnderWay] = Of(
            "another change of it is under way, and did not end in time; {outcome}, try again in a few seconds"),
        [DefinitionErrorTypes.LocksWithoutLeader] = Of(
            "stream {lock_stream}, which locks definitions, has no leader at the moment; {outcome}, try again"),
        [DefinitionErrorTypes.LockTimeout] = Of(
            "JetStream did not answer within {seconds} s, when asked to lock the definition; {outcome}"),
        [DefinitionErrorTypes.ChangedMeanwhile] = Of("another tool changes it at the same time; look at it with GET, and try again"),

        [ConsumerNotFoundType] = new("Consumer {consumer} of stream {stream} not found", static error => error.Has("consumer")
            ? Refusal + "; define it with POST /v1/admin/stream/{stream}/consumer"
            : Refusal),
        [ConsumerExistsType] = Of(Refusal),
        [ConsumerErrorTypes.Differs] = new(
            "Consumer {consumer} of stream {stream} exists with another configuration",
            "{field} is {current:q} and cannot become {wanted:q}; delete the consumer first, or use another name"),
        [ConsumerGoneType] = Of(Refusal),
        [ConsumerErrorTypes.NotDurable] = Of(
            "it was made by another client and is not durable, so it cannot be changed; delete it first, or use another name"),
        [ConsumerOfflineType] = Of(Refusal),
        [ConsumerErrorTypes.WithoutLeader] = Of("the consumer has no leader at the moment; {outcome}, try again"),

        // nats-server 2.15 and newer take 1,000 consumers, also of a stream that says -1 (no limit).
        [TooManyConsumersType] = Of(
            "stream {stream} has as many consumers as it may (" + Refusal + "); delete one, or allow more: the stream's max_consumers, or "
            + "the nats-server's jetstream.limits.default_max_consumers (1000 by default from 2.15 on)"),
        [FilterOutsideStreamType] = Of(static error =>
            !error.Has("filter") ? Refusal
            : "filter_subject: {filter:q} is not within the subjects of stream {stream} ({subjects:q})"
                + (error.Has("err_code") ? BehindRefusal : string.Empty)),
        [WorkQueueConflictType] = Of(Refusal),
        [ConsumerErrorTypes.AckPolicy] = Of(
            "consumer {consumer} has ack policy '{policy}'; single messages are acknowledged with 'explicit' only"),
    };

    private static string DescribeDifference(Error error) => !error.Has("field") ? Refusal : error["field"] switch
    {
        "subjects" => "subjects: the stream has {current:q}, and {wanted:q} was asked for; "
            + "change them with PUT /v1/admin/stream/{stream}/subject" + BehindRefusal,
        "max_consumers" or "replicas" => Difference + AnotherName,
        null => "the stream differs in a setting that this API does not have, so it was defined with another tool; "
            + "delete it first, or use another name" + BehindRefusal,
        _ when !error.Has("wanted") || error["wanted"] is null =>
            "{field}: the stream has another; change it with PUT /v1/admin/stream/{stream}" + BehindRefusal,
        _ => Difference + "; change it with PUT /v1/admin/stream/{stream}/limit" + BehindRefusal,
    };
}
