using Httpmq.Api.Errors;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using static Httpmq.Domain.Errors.JetStreamErrorTypes;

namespace Httpmq.Api.OpenApi;

/// <summary>
/// A failure of each operation with each of its statuses, one that it can really have. They are about the stream <c>orders</c>, its
/// consumer <c>billing</c> and the subject <c>orders.new</c>, as all examples are.
/// </summary>
internal static class ErrorExamples
{
    private const string StreamText = "orders";
    private const string ConsumerText = "billing";
    private const string SubjectText = "orders.new";
    private const string BadName = "my stream";
    private const ulong Sequence = 17;

    private static readonly string[] Current = ["orders.>"];
    private static readonly string[] Wanted = [SubjectText];
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(4);

    /// <param name="operationId">The operation.</param>
    /// <param name="status">One that its <see cref="ErrorsAttribute"/> lists.</param>
    public static Error Of(string operationId, int status)
    {
        var operation = new Operation(KindOf(operationId), StreamText, ConsumerText, SubjectText, Sequence);
        return status switch
        {
            StatusCodes.Status400BadRequest => Invalid(operationId),
            StatusCodes.Status401Unauthorized => AccessErrors.Nothing,
            StatusCodes.Status403Forbidden => Forbidden(operationId, operation.Kind),
            StatusCodes.Status404NotFound => Missing(operationId, operation),
            StatusCodes.Status408RequestTimeout =>
                HttpErrors.Rejected(status, "the body was not complete within 60 s (read_timeout_sec)"),
            StatusCodes.Status409Conflict => Conflict(operationId, operation),
            StatusCodes.Status412PreconditionFailed =>
                Record(operationId, Refused(WrongLastSequenceType, operation, 10071, $"wrong last sequence: {Sequence}"))
                    .With("last_sequence", Sequence),
            StatusCodes.Status413PayloadTooLarge => operation.Kind is OperationKind.Publish
                ? Record(operationId, PublishErrors.TooLarge(operation, 2_000_000, 1_048_576))
                : HttpErrors.TooLarge(8_388_608),
            StatusCodes.Status415UnsupportedMediaType => HttpErrors.Encoding("gzip"),
            StatusCodes.Status422UnprocessableEntity => Unprocessable(operationId, operation),
            StatusCodes.Status429TooManyRequests => TooMany(operationId, operation),
            StatusCodes.Status501NotImplemented => TooOld(operationId, operation),
            StatusCodes.Status503ServiceUnavailable when operation.Kind is OperationKind.TellReadiness =>
                ConnectionErrors.Unready(operation, ConnectionErrors.Unavailable(leaving: null)),
            StatusCodes.Status503ServiceUnavailable => ConnectionErrors.Unavailable(leaving: null),
            StatusCodes.Status504GatewayTimeout => Late(operationId, operation),
            StatusCodes.Status507InsufficientStorage =>
                Refused(StorageFullType, operation, 10047, "insufficient storage resources available"),
            _ => throw new ArgumentOutOfRangeException(nameof(status), status, "A status without an example."),
        };
    }

    private static OperationKind KindOf(string operationId) => operationId switch
    {
        "Alive" or "Ready" => OperationKind.TellReadiness,
        "GetInfo" => OperationKind.ReadInfo,
        "DefineStream" => OperationKind.CreateStream,
        "ListStreams" => OperationKind.ListStreams,
        "GetStream" => OperationKind.ReadStream,
        "ReplaceStream" => OperationKind.ChangeStream,
        "ChangeStreamSubjects" => OperationKind.ChangeSubjects,
        "ChangeStreamLimits" => OperationKind.ChangeLimits,
        "DeleteStream" => OperationKind.DeleteStream,
        "PurgeStream" => OperationKind.PurgeStream,
        "ListStreamSubjects" => OperationKind.ListSubjects,
        "GetStreamMessage" or "ReadMessage" => OperationKind.ReadMessage,
        "DeleteStreamMessage" => OperationKind.DeleteMessage,
        "DefineConsumer" => OperationKind.CreateConsumer,
        "ListConsumers" => OperationKind.ListConsumers,
        "GetConsumer" or "Subscribe" or "SubscribeDuplex" => OperationKind.ReadConsumer,
        "ReplaceConsumer" => OperationKind.ChangeConsumer,
        "DeleteConsumer" => OperationKind.DeleteConsumer,
        "PauseConsumer" => OperationKind.PauseConsumer,
        "ResumeConsumer" => OperationKind.ResumeConsumer,
        "ResetConsumer" => OperationKind.ResetConsumer,
        "UnpinConsumer" => OperationKind.UnpinConsumer,
        "PublishMessage" or "PublishBatch" => OperationKind.Publish,
        "AcknowledgeMessage" => OperationKind.Acknowledge,
        "SettleMessages" => OperationKind.Settle,
        "PullMessages" => OperationKind.Pull,
        "ReadLastMessage" => OperationKind.ReadLastMessage,
        "Replay" => OperationKind.Replay,
        _ => throw new ArgumentOutOfRangeException(nameof(operationId), operationId, "An operation without examples of its errors."),
    };

    private static Error Invalid(string operationId) => operationId switch
    {
        "Alive" or "Ready" or "GetInfo" => HttpErrors.Unknown("parameter", ["unknown parameter 'verbose'"]),
        "ListStreams" or "ListConsumers" or "ListStreamSubjects" => Field("limit", "ten", "limit: 'ten' is not an integer"),
        "DefineStream" => Field("name", BadName, $"name: '{BadName}' is not {EntityName.Rule}"),
        "ReplaceStream" or "ChangeStreamSubjects" =>
            Field("subjects", "a..b", "subjects: 'a..b' has an empty token (tokens are split by '.')"),
        "ChangeStreamLimits" => Field(
            "max_age",
            5L,
            "max_age: 5 ns is not 0 (no limit) or at least 100000000 ns (100 ms); a number is nanoseconds: for 5 seconds write \"5s\""),
        "PurgeStream" => Field("keep", 2L, "keep: not together with seq"),
        "GetStreamMessage" or "DeleteStreamMessage" or "ReadMessage" =>
            Field("sequence", "last", $"sequence: 'last' is not a number from 1 to {ulong.MaxValue}"),
        "DefineConsumer" => Field("mode", null, "mode is required: 'push' or 'pull'"),
        "ReplaceConsumer" => Field("max_inflight", 0L, "max_inflight: 0 is less than 1"),
        "PauseConsumer" => Field("until", null, "until is required: a time such as \"2026-01-15T09:30:00Z\""),
        "UnpinConsumer" => Field("group", null, "group is required: the name of a priority group"),
        "Subscribe" => SubscriptionErrors.Group(ConsumerText, "workers", wanted: null),
        "SubscribeDuplex" => SubscriberErrors.Http1("HTTP/1.1"),
        "PublishMessage" => BodyErrors.Base64(4),
        "PublishBatch" => BatchErrors.Empty,
        "AcknowledgeMessage" => AckErrors.Malformed("stream is required: a sequence of at least 1"),
        "SettleMessages" => AckErrors.Entries(0, orMore: false, 10_000),
        "PullMessages" => Field("batch", 0L, "batch: 0 is not from 1 to 10000"),
        "ReadLastMessage" => RequestErrors.Subject("subject", "a..b", "has an empty token (tokens are split by '.')"),
        "Replay" => Field("from_seq", "first", $"from_seq: 'first' is not a sequence, a number from 1 to {ulong.MaxValue}"),
        _ => RequestErrors.StreamName(BadName, $"stream: '{BadName}' is not {EntityName.Rule}"),
    };

    private static Error Missing(string operationId, Operation operation) => operationId switch
    {
        "PublishMessage" or "PublishBatch" => Record(operationId, PublishErrors.NoStream(operation)),
        "GetStreamMessage" or "ReadMessage" or "ReadLastMessage" =>
            Refused(MessageNotFoundType, operation, 10037, "no message found"),
        "DeleteStreamMessage" => Refused(MessageNotFoundType, operation, 10043, "sequence 17 not found"),
        "AcknowledgeMessage" => AckErrors.Beyond(operation, new DeliverySequence(1, Sequence), new DeliverySequence(5, 5), false),
        "DeleteConsumer" or "PauseConsumer" or "ResumeConsumer" or "ResetConsumer" or "UnpinConsumer" =>
            Refused(ConsumerNotFoundType, operation, 10014, "consumer not found"),
        "GetConsumer" or "ReplaceConsumer" or "Subscribe" or "SubscribeDuplex" or "PullMessages" or "SettleMessages" =>
            new Error(
                ConsumerNotFoundType,
                null,
                ("stream", StreamText),
                ("consumer", ConsumerText),
                ("err_code", 10014),
                ("description", "consumer not found")),
        _ => Refused(StreamNotFoundType, operation, 10059, "stream not found"),
    };

    private static Error Conflict(string operationId, Operation operation) => operationId switch
    {
        "DefineStream" => new Error(
            StreamExistsType,
            operation,
            ("field", "subjects"),
            ("current", Current),
            ("wanted", Wanted),
            ("err_code", 10058),
            ("description", "stream name already in use with a different configuration")),
        "ReplaceStream" or "ChangeStreamSubjects" => new Error(
            SubjectsOverlapType,
            operation,
            ("subject", SubjectText),
            ("taken", "orders.>"),
            ("other_stream", "archive"),
            ("err_code", 10065),
            ("description", "subjects overlap with an existing stream")),
        "PurgeStream" => Refused(PurgeNotPermittedType, operation, 10110, "stream purge not permitted"),
        "DeleteStreamMessage" => Refused(DeleteNotPermittedType, operation, 10057, "message delete not permitted"),
        "DefineConsumer" => new Error(
            ConsumerErrorTypes.Differs,
            null,
            ("stream", StreamText),
            ("consumer", ConsumerText),
            ("field", "filter_subject"),
            ("current", string.Empty),
            ("wanted", SubjectText)),
        "PublishMessage" => Refused(MessageInProcessType, operation, 10158, "duplicate message id is in process"),
        "PullMessages" => PullErrors.Push(operation),
        "Subscribe" or "SubscribeDuplex" => new Error(
            SubscriptionErrorTypes.AlreadyBound, null, ("stream", StreamText), ("consumer", ConsumerText)),
        _ => DefinitionErrors.Meanwhile(operation),
    };

    private static Error Unprocessable(string operationId, Operation operation) => operationId switch
    {
        "PublishMessage" => Refused(TimeToLiveNotPermittedType, operation, 10166, "per-message TTL is disabled"),
        "PublishBatch" => Refused(AtomicBatchRefusedType, operation, 10174, "atomic publish is disabled"),
        "DefineStream" or "ReplaceStream" => Refused(
            JetStreamErrorTypes.Refused, operation, 10052, "discard new per subject requires discard new policy to be set"),
        "DefineConsumer" or "ReplaceConsumer" =>
            Refused(JetStreamErrorTypes.Refused, operation, 10012, "deliver policy can not be updated"),
        "UnpinConsumer" => Refused(
            JetStreamErrorTypes.Refused, operation, 10160, "Provided priority group does not exist for this consumer"),
        _ => Refused(JetStreamErrorTypes.Refused, operation, 10025, "invalid JSON"),
    };

    private static Error TooMany(string operationId, Operation operation) => operationId switch
    {
        "PublishBatch" => BatchErrors.Full(1000),
        "PullMessages" => new Error(PullErrorTypes.TooMany, operation, ("status", "409 Exceeded MaxWaiting")),
        "Subscribe" or "SubscribeDuplex" or "Replay" => SubscriptionErrors.Full(20_000),
        _ => HttpErrors.RateLimited("rate_limits.per_principal", 1),
    };

    private static Error Forbidden(string operationId, OperationKind kind)
    {
        _ = StreamName.TryParse(StreamText, out var stream);
        _ = ConsumerName.TryParse(ConsumerText, out var consumer);
        var caller = new Caller("shop", Permissions.All);
        return operationId switch
        {
            "Alive" or "Ready" or "ListStreams" => HttpErrors.WebPage(
                "Origin",
                "'https://page.example'",
                "the page that sent this request does not come from this server",
                "management.api_server.server_config.allowed_origins"),
            "GetInfo" => AccessErrors.SeeServer(caller),
            "PublishMessage" or "PublishBatch" => Record(operationId, AccessErrors.Publish(caller, SubjectText)),
            "Replay" or "ReadLastMessage" or "ListStreamSubjects" => AccessErrors.Read(caller, SubjectText),
            "GetStreamMessage" or "ReadMessage" => AccessErrors.Read(caller, stream, Sequence),
            "Subscribe" or "SubscribeDuplex" or "PullMessages" or "AcknowledgeMessage" or "SettleMessages" =>
                AccessErrors.Consume(caller, stream, consumer),
            _ when Writes(kind) => AccessErrors.Manage(caller, stream),
            _ => AccessErrors.See(caller, stream),
        };
    }

    private static Error TooOld(string operationId, Operation operation)
    {
        var (field, since) = operationId switch
        {
            "PublishMessage" => ("Nats-TTL", "2.11"),
            "PublishBatch" => ("atomic", "2.12"),
            "PauseConsumer" => ("pause", "2.11"),
            "ResumeConsumer" => ("resume", "2.11"),
            "ResetConsumer" => ("reset", "2.14"),
            "UnpinConsumer" => ("unpin", "2.11"),
            "PullMessages" => ("group", "2.11"),
            _ => ("metadata", "2.10"),
        };
        return ConnectionErrors.TooOld(operation, field, since, "2.9.10");
    }

    private static Error Late(string operationId, Operation operation) => operationId switch
    {
        "PublishMessage" or "PublishBatch" => PublishErrors.TimedOut(operation),
        "AcknowledgeMessage" or "SettleMessages" => AckErrors.TimedOut(operation),
        _ => ConnectionErrors.TimedOut(operation, TimeLimit, Writes(operation.Kind) ? Effect.Unknown : Effect.None),
    };

    private static bool Writes(OperationKind kind) => kind is not (OperationKind.ReadInfo or OperationKind.ListStreams
        or OperationKind.ReadStream or OperationKind.ListSubjects or OperationKind.ReadMessage or OperationKind.ListConsumers
        or OperationKind.ReadConsumer or OperationKind.ReadLastMessage or OperationKind.Pull or OperationKind.Replay);

    /// <summary>What concerns a record of an atomic batch says which.</summary>
    private static Error Record(string operationId, Error error) => operationId is "PublishBatch" ? error.With("index", 0) : error;

    private static Error Field(string name, object? value, string reason) => RequestErrors.Invalid(new InvalidValue(name, value, reason));

    private static Error Refused(ErrorType type, Operation operation, int errCode, string description) =>
        new(type, operation, ("err_code", errCode), ("description", description));
}
