namespace Httpmq.Domain.Naming;

/// <summary>
/// Where gateways keep their locks: named as a bucket of NATS's key-value store, which tools do not list among the streams.
/// </summary>
public static class LockSubjects
{
    public const string Stream = "KV_httpmq_locks";

    /// <summary>Locks are published below it, and nobody else's messages are.</summary>
    public const string Prefix = "$KV.httpmq_locks.";

    /// <summary>What is wrong with a request to define, change or delete it.</summary>
    public const string Reason = "is the gateway's own stream, for locking definitions; it cannot be defined, changed or deleted";

    public static bool IsOwn(string? stream) => string.Equals(stream, Stream, StringComparison.Ordinal);
}
