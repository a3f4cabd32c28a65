using Httpmq.Application.Consumers;
using Httpmq.Domain.Errors;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>The one place where JetStream's error codes get a meaning for the gateway's clients.</summary>
internal static class JetStreamErrors
{
    public const int ConsumerNotFound = 10014;
    public const int StreamNotFound = 10059;
    public const int StreamExists = 10058;
    public const int SubjectsOverlap = 10065;
    public const int NoSuchPeers = 10005;
    public const int NoCluster = 10074;
    public const int ConsumerExists = 10148;
    public const int ConsumerToUpdateNotFound = 10149;
    public const int ConsumerNameInUse = 10013;
    public const int FilterOutsideStream = 10093;
    public const int MostConsumers = 10026;
    public const int WrongLastSequence = 10071;
    public const int WrongLastSequenceOf = 10164;
    public const int WrongStream = 10060;
    private const int DeleteFailed = 10057;

    // Codes and texts: https://github.com/nats-io/nats-server/blob/main/server/errors.json.
    // JetStream's own HTTP-like code says 400 or 500 for much that has a better answer.
    private static readonly Dictionary<int, ErrorKind> Kinds = new()
    {
        [ConsumerNotFound] = ErrorKind.NotFound,
        [StreamNotFound] = ErrorKind.NotFound,
        [10037] = ErrorKind.NotFound, // no message found
        [10043] = ErrorKind.NotFound, // sequence not found
        [10013] = ErrorKind.Conflict, // consumer name already in use
        [10026] = ErrorKind.Conflict, // maximum consumers limit reached
        [10058] = ErrorKind.Conflict, // stream name already in use with a different configuration
        [10065] = ErrorKind.Conflict, // subjects overlap with an existing stream
        [10099] = ErrorKind.Conflict, // workqueue: filtered consumer not unique
        [10100] = ErrorKind.Conflict, // workqueue: multiple unfiltered consumers
        [10101] = ErrorKind.Conflict, // workqueue: consumer must deliver all
        [10109] = ErrorKind.Conflict, // sealed
        [10110] = ErrorKind.Conflict, // purge not permitted, although JetStream's code is 500
        [10148] = ErrorKind.Conflict, // consumer already exists
        [10149] = ErrorKind.Conflict, // consumer does not exist (update)
        [10158] = ErrorKind.Conflict, // the same message id is in process
        [10226] = ErrorKind.Conflict, // another reconfiguration is in progress
        [10060] = ErrorKind.PreconditionFailed, // expected stream does not match
        [10070] = ErrorKind.PreconditionFailed, // wrong last message id
        [10071] = ErrorKind.PreconditionFailed, // wrong last sequence
        [10164] = ErrorKind.PreconditionFailed, // wrong last sequence
        [10180] = ErrorKind.PreconditionFailed, // wrong last sequence of a subject
        [10054] = ErrorKind.TooLarge, // message size exceeds maximum allowed
        [10052] = ErrorKind.InvalidInput, // invalid configuration, although JetStream's code is 500
        [10074] = ErrorKind.InvalidInput, // replicas on a server without a cluster, although JetStream's code is 500
        [10111] = ErrorKind.InvalidInput, // rollup not permitted, although JetStream's code is 500
        [10167] = ErrorKind.TooMany, // too many requests
        [10210] = ErrorKind.TooMany, // too many batches of the stream
        [10211] = ErrorKind.TooMany, // too many batches of the server
        [10185] = ErrorKind.NotSupported, // JetStream minimum API level required
        [10002] = ErrorKind.OutOfResources, // resource limits exceeded for account
        [10023] = ErrorKind.OutOfResources, // insufficient resources
        [10027] = ErrorKind.OutOfResources, // maximum number of streams reached
        [10028] = ErrorKind.OutOfResources, // memory resources exceeded
        [10047] = ErrorKind.OutOfResources, // insufficient storage resources available
        [10077] = ErrorKind.OutOfResources, // store failed, or a limit with discard policy "new"
        [10008] = ErrorKind.Unavailable, // JetStream temporarily unavailable
        [10009] = ErrorKind.Unavailable, // JetStream cluster has no quorum
        [10010] = ErrorKind.Unavailable, // JetStream is not clustered
        [10039] = ErrorKind.Unavailable, // JetStream not enabled for the account
        [10076] = ErrorKind.Unavailable, // JetStream not enabled
        [10163] = ErrorKind.Unavailable, // the server is busy
        [10194] = ErrorKind.Unavailable, // stream offline, although JetStream's code is 500
        [10195] = ErrorKind.Unavailable, // consumer offline, although JetStream's code is 500
    };

    public static Error ToError(string message, ApiError error) => new(
        KindOf(error),
        message,
        $"{error.Description ?? "no description"} (err_code {error.ErrCode}){NextStep(error.ErrCode)}");

    /// <summary>The gateway's own user may not publish there.</summary>
    public static Error NotPermitted(string message, string subject, string fate) => new(
        ErrorKind.Conflict,
        message,
        $"nats-server does not permit the gateway's NATS user to publish to {subject} (permissions violation); {fate}");

    private static string NextStep(int code) => code switch
    {
        // nats-server 2.15 and newer take 1,000 consumers, also of a stream that says -1 (no limit).
        10026 => "; set max_consumers on the stream, or default_max_consumers on nats-server, to more than this",
        StreamNotFound => "; " + ConsumerErrors.DefineStream,
        _ => "",
    };

    private static ErrorKind KindOf(ApiError error) => error.ErrCode switch
    {
        DeleteFailed => KindOfDelete(error.Description ?? string.Empty),
        _ when Kinds.TryGetValue(error.ErrCode, out var kind) => kind,
        _ => KindOfCode(error.Code),
    };

    /// <summary>One code for "is not there" and "is not permitted": the text decides.</summary>
    private static ErrorKind KindOfDelete(string description) => description switch
    {
        _ when description.Contains("EOF", StringComparison.Ordinal) || description.Contains("not found", StringComparison.OrdinalIgnoreCase) => ErrorKind.NotFound,
        _ when description.Contains("not permitted", StringComparison.Ordinal) || description.Contains("sealed", StringComparison.Ordinal) => ErrorKind.Conflict,
        _ => ErrorKind.Internal,
    };

    /// <summary>Of a code that is not in the table, by JetStream's HTTP-like one: newer servers send new ones.</summary>
    private static ErrorKind KindOfCode(int code) => code switch
    {
        404 => ErrorKind.NotFound,
        408 or 504 => ErrorKind.Timeout,
        409 => ErrorKind.Conflict,
        412 => ErrorKind.PreconditionFailed,
        413 => ErrorKind.TooLarge,
        429 => ErrorKind.TooMany,
        501 => ErrorKind.NotSupported,
        503 => ErrorKind.Unavailable,
        507 => ErrorKind.OutOfResources,
        >= 400 and < 500 => ErrorKind.InvalidInput,
        _ => ErrorKind.Internal,
    };
}
