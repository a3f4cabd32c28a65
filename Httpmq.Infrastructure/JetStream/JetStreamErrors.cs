using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.JetStream.Wire;

namespace Httpmq.Infrastructure.JetStream;

/// <summary>The one place where JetStream's error codes get a meaning for the gateway's clients.</summary>
internal static class JetStreamErrors
{
    public const int ConsumerNotFound = 10014;
    public const int StreamNotFound = 10059;

    // Codes and texts: https://github.com/nats-io/nats-server/blob/main/server/errors.json.
    // JetStream's own HTTP-like code says 400 or 500 for much that has a better answer.
    private static readonly Dictionary<int, ErrorKind> Kinds = new()
    {
        [ConsumerNotFound] = ErrorKind.NotFound,
        [StreamNotFound] = ErrorKind.NotFound,
        [10037] = ErrorKind.NotFound, // no message found
        [10013] = ErrorKind.Conflict, // consumer name already in use
        [10148] = ErrorKind.Conflict, // consumer already exists
        [10149] = ErrorKind.Conflict, // consumer does not exist (update)
        [10058] = ErrorKind.Conflict, // stream name already in use with a different configuration
        [10065] = ErrorKind.Conflict, // subjects overlap with an existing stream
        [10026] = ErrorKind.Conflict, // maximum consumers limit reached
        [10109] = ErrorKind.Conflict, // sealed
        [10099] = ErrorKind.Conflict, // workqueue: filtered consumer not unique
        [10100] = ErrorKind.Conflict, // workqueue: multiple unfiltered consumers
        [10060] = ErrorKind.Conflict, // expected stream does not match
        [10071] = ErrorKind.Conflict, // wrong last sequence
        [10164] = ErrorKind.Conflict, // wrong last sequence
        [10052] = ErrorKind.InvalidInput, // invalid configuration, although JetStream's code is 500
        [10074] = ErrorKind.InvalidInput, // replicas on a server without a cluster, although JetStream's code is 500
        [10111] = ErrorKind.InvalidInput, // rollup not permitted, although JetStream's code is 500
        [10054] = ErrorKind.TooLarge, // message size exceeds maximum allowed
        [10002] = ErrorKind.OutOfResources, // resource limits exceeded for account
        [10023] = ErrorKind.OutOfResources, // insufficient resources
        [10027] = ErrorKind.OutOfResources, // maximum number of streams reached
        [10028] = ErrorKind.OutOfResources, // memory resources exceeded
        [10047] = ErrorKind.OutOfResources, // insufficient storage resources available
        [10077] = ErrorKind.OutOfResources, // store failed, or a limit with discard policy "new"
        [10008] = ErrorKind.Unavailable, // JetStream temporarily unavailable
        [10009] = ErrorKind.Unavailable, // JetStream cluster has no quorum
        [10039] = ErrorKind.Unavailable, // JetStream not enabled for the account
        [10076] = ErrorKind.Unavailable, // JetStream not enabled
    };

    public static Error ToError(string message, ApiError error) => new(
        KindOf(error),
        message,
        $"{error.Description ?? "no description"} (err_code {error.ErrCode}){NextStep(error.ErrCode)}");

    private static string NextStep(int code) => code switch
    {
        // nats-server 2.15 and newer take 1,000 consumers, also of a stream that says -1 (no limit).
        10026 => "; set max_consumers on the stream, or default_max_consumers on nats-server, to more than this",
        _ => "",
    };

    private static ErrorKind KindOf(ApiError error) => Kinds.TryGetValue(error.ErrCode, out var kind)
        ? kind
        : error.Code switch
        {
            >= 400 and < 404 => ErrorKind.InvalidInput,
            404 => ErrorKind.NotFound,
            408 => ErrorKind.Timeout,
            409 => ErrorKind.Conflict,
            503 => ErrorKind.Unavailable,
            _ => ErrorKind.Internal,
        };
}
