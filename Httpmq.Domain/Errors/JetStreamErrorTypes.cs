using System.Collections.Frozen;

namespace Httpmq.Domain.Errors;

/// <summary>The one place where JetStream's error codes get a meaning for the gateway's clients.</summary>
public static class JetStreamErrorTypes
{
    public static readonly ErrorType StreamNotFoundType = new("stream-not-found", ErrorKind.NotFound);
    public static readonly ErrorType ConsumerNotFoundType = new("consumer-not-found", ErrorKind.NotFound);
    public static readonly ErrorType MessageNotFoundType = new("message-not-found", ErrorKind.NotFound);
    public static readonly ErrorType StreamExistsType = new("stream-exists", ErrorKind.Conflict);
    public static readonly ErrorType SubjectsOverlapType = new("subjects-overlap", ErrorKind.Conflict);
    public static readonly ErrorType ConsumerExistsType = new("consumer-exists", ErrorKind.Conflict);
    public static readonly ErrorType ConsumerGoneType = new("consumer-gone", ErrorKind.Conflict);
    public static readonly ErrorType TooManyConsumersType = new("too-many-consumers", ErrorKind.Conflict);
    public static readonly ErrorType WorkQueueConflictType = new("work-queue-conflict", ErrorKind.Conflict);
    public static readonly ErrorType StreamSealedType = new("stream-sealed", ErrorKind.Conflict);
    public static readonly ErrorType PurgeNotPermittedType = new("purge-not-permitted", ErrorKind.Conflict);
    public static readonly ErrorType DeleteNotPermittedType = new("delete-not-permitted", ErrorKind.Conflict);
    public static readonly ErrorType MessageInProcessType = new("message-in-process", ErrorKind.Conflict);
    public static readonly ErrorType StreamChangingType = new("stream-changing", ErrorKind.Conflict);
    public static readonly ErrorType WrongStreamType = new("wrong-stream", ErrorKind.PreconditionFailed);
    public static readonly ErrorType WrongLastMessageIdType = new("wrong-last-message-id", ErrorKind.PreconditionFailed);
    public static readonly ErrorType WrongLastSequenceType = new("wrong-last-sequence", ErrorKind.PreconditionFailed);
    public static readonly ErrorType MessageTooLargeType = new("message-too-large", ErrorKind.TooLarge);
    public static readonly ErrorType InvalidConfigurationType = new("invalid-configuration", ErrorKind.InvalidInput);
    public static readonly ErrorType ReplicasNeedClusterType = new("replicas-need-cluster", ErrorKind.InvalidInput);
    public static readonly ErrorType RollupNotPermittedType = new("rollup-not-permitted", ErrorKind.Unprocessable);
    public static readonly ErrorType InvalidTimeToLiveType = new("invalid-message-ttl", ErrorKind.Unprocessable);
    public static readonly ErrorType TimeToLiveNotPermittedType = new("message-ttl-not-permitted", ErrorKind.Unprocessable);
    public static readonly ErrorType CounterRefusedType = new("counter-refused", ErrorKind.Unprocessable);
    public static readonly ErrorType ScheduleRefusedType = new("schedule-refused", ErrorKind.Unprocessable);
    public static readonly ErrorType AtomicBatchRefusedType = new("atomic-batch-refused", ErrorKind.Unprocessable);
    public static readonly ErrorType AtomicBatchDuplicateType = new("atomic-batch-duplicate", ErrorKind.Unprocessable);
    public static readonly ErrorType FilterOutsideStreamType = new("filter-outside-stream", ErrorKind.InvalidInput);
    public static readonly ErrorType TooManyRequestsType = new("too-many-requests", ErrorKind.TooMany);
    public static readonly ErrorType TooManyBatchesType = new("too-many-batches", ErrorKind.TooMany);
    public static readonly ErrorType AccountLimitType = new("account-limit-reached", ErrorKind.OutOfResources);
    public static readonly ErrorType NoResourcesType = new("insufficient-resources", ErrorKind.OutOfResources);
    public static readonly ErrorType TooManyStreamsType = new("too-many-streams", ErrorKind.OutOfResources);
    public static readonly ErrorType MemoryFullType = new("memory-full", ErrorKind.OutOfResources);
    public static readonly ErrorType StorageFullType = new("storage-full", ErrorKind.OutOfResources);
    public static readonly ErrorType StoreFailedType = new("store-failed", ErrorKind.OutOfResources);
    public static readonly ErrorType StreamOfflineType = new("stream-offline", ErrorKind.Unavailable);
    public static readonly ErrorType ConsumerOfflineType = new("consumer-offline", ErrorKind.Unavailable);

    public static readonly ErrorType Unavailable = new("jetstream-unavailable", ErrorKind.Unavailable);
    public static readonly ErrorType Invalid = new("jetstream-invalid", ErrorKind.InvalidInput);
    public static readonly ErrorType Refused = new("jetstream-refused", ErrorKind.Unprocessable);
    public static readonly ErrorType NotFound = new("jetstream-not-found", ErrorKind.NotFound);
    public static readonly ErrorType GaveUp = new("jetstream-gave-up", ErrorKind.Timeout);
    public static readonly ErrorType Conflict = new("jetstream-conflict", ErrorKind.Conflict);
    public static readonly ErrorType PreconditionFailed = new("jetstream-precondition-failed", ErrorKind.PreconditionFailed);
    public static readonly ErrorType TooLarge = new("jetstream-too-large", ErrorKind.TooLarge);
    public static readonly ErrorType NotSupported = new("jetstream-not-supported", ErrorKind.NotSupported);
    public static readonly ErrorType OutOfResources = new("jetstream-out-of-resources", ErrorKind.OutOfResources);
    public static readonly ErrorType FailedType = new("jetstream-failed", ErrorKind.Internal);

    // Codes and texts: https://github.com/nats-io/nats-server/blob/main/server/errors.json.
    // JetStream's own HTTP-like code says 400 or 500 for much that has a better answer.
    private static readonly FrozenDictionary<int, ErrorType> Types = new Dictionary<int, ErrorType>
    {
        [10014] = ConsumerNotFoundType,
        [10059] = StreamNotFoundType,
        [10037] = MessageNotFoundType, // no message found
        [10043] = MessageNotFoundType, // sequence not found
        [10013] = ConsumerExistsType,
        [10026] = TooManyConsumersType,
        [10058] = StreamExistsType,
        [10065] = SubjectsOverlapType,
        [10099] = WorkQueueConflictType, // filtered consumer not unique
        [10100] = WorkQueueConflictType, // multiple unfiltered consumers
        [10101] = WorkQueueConflictType, // consumer must deliver all
        [10109] = StreamSealedType,
        [10110] = PurgeNotPermittedType, // although JetStream's code is 500
        [10148] = ConsumerExistsType,
        [10149] = ConsumerGoneType,
        [10158] = MessageInProcessType, // the same message id is in process
        [10226] = StreamChangingType, // another reconfiguration is in progress
        [10060] = WrongStreamType,
        [10070] = WrongLastMessageIdType,
        [10071] = WrongLastSequenceType,
        [10164] = WrongLastSequenceType,
        [10180] = WrongLastSequenceType, // of a subject
        [10054] = MessageTooLargeType, // of the stream's max_msg_size
        [10012] = InvalidConfigurationType, // of a consumer, although JetStream's code is 500
        [10052] = InvalidConfigurationType, // although JetStream's code is 500
        [10074] = ReplicasNeedClusterType, // although JetStream's code is 500
        [10111] = RollupNotPermittedType, // although JetStream's code is 500
        [10165] = InvalidTimeToLiveType,
        [10166] = TimeToLiveNotPermittedType,
        [10168] = CounterRefusedType, // the stream counts nothing
        [10169] = CounterRefusedType, // the increment is missing
        [10170] = CounterRefusedType, // it has a payload
        [10171] = CounterRefusedType, // the increment is invalid, or is not alone
        [10174] = AtomicBatchRefusedType, // the stream takes none
        [10175] = AtomicBatchRefusedType, // no sequence
        [10176] = AtomicBatchRefusedType, // incomplete
        [10177] = AtomicBatchRefusedType, // a header that it cannot have
        [10179] = AtomicBatchRefusedType, // its id
        [10188] = ScheduleRefusedType, // the stream takes none
        [10189] = ScheduleRefusedType, // when
        [10190] = ScheduleRefusedType, // the target
        [10191] = ScheduleRefusedType, // the TTL
        [10192] = ScheduleRefusedType, // the rollup
        [10199] = AtomicBatchRefusedType, // too many messages
        [10200] = AtomicBatchRefusedType, // how it is committed
        [10201] = AtomicBatchDuplicateType,
        [10203] = ScheduleRefusedType, // the source
        [10223] = ScheduleRefusedType, // the time zone
        [10093] = FilterOutsideStreamType,
        [10167] = TooManyRequestsType,
        [10210] = TooManyBatchesType, // of the stream
        [10211] = TooManyBatchesType, // of the server
        [10185] = PreconditionFailed, // JetStream minimum API level required
        [10002] = AccountLimitType,
        [10023] = NoResourcesType,
        [10027] = TooManyStreamsType,
        [10028] = MemoryFullType,
        [10047] = StorageFullType,
        [10077] = StoreFailedType, // or a limit with discard policy "new"
        [10008] = Unavailable, // temporarily unavailable
        [10009] = Unavailable, // no quorum
        [10010] = Unavailable, // not clustered
        [10039] = ConnectionErrorTypes.JetStreamNotEnabled, // for the account
        [10076] = ConnectionErrorTypes.JetStreamNotEnabled,
        [10163] = Unavailable, // the server is busy
        [10194] = StreamOfflineType, // although JetStream's code is 500
        [10195] = ConsumerOfflineType, // although JetStream's code is 500
    }.ToFrozenDictionary();

    /// <summary>The type of what JetStream refused.</summary>
    /// <param name="errCode">JetStream's own code of the error.</param>
    /// <param name="code">Its HTTP-like code, which counts where the other is not known: newer servers send new ones.</param>
    public static ErrorType Of(int errCode, int code) => Types.GetValueOrDefault(errCode) ?? TypeOfCode(code);

    private static ErrorType TypeOfCode(int code) => code switch
    {
        404 => NotFound,
        408 or 504 => GaveUp,
        409 => Conflict,
        412 => PreconditionFailed,
        413 => TooLarge,
        429 => TooManyRequestsType,
        501 => NotSupported,
        503 => Unavailable,
        507 => OutOfResources,
        >= 400 and < 500 => Invalid,
        _ => FailedType,
    };
}
