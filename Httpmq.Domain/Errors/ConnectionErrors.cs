using static Httpmq.Domain.Errors.ConnectionErrorTypes;

namespace Httpmq.Domain.Errors;

/// <summary>What may have happened although it failed.</summary>
public enum Effect
{
    /// <summary>Nothing was stored, acknowledged or changed.</summary>
    None,

    /// <summary>What was asked may have happened.</summary>
    Unknown,
}

/// <summary>Makes the errors of <see cref="ConnectionErrorTypes"/>.</summary>
public static class ConnectionErrors
{
    /// <param name="leaving">The server that said it is about to stop; null: none.</param>
    public static Error Unavailable(string? leaving) =>
        leaving is null ? new(NatsUnavailable, null) : new(NatsUnavailable, null, ("leaving", leaving));

    public static Error Lost(Operation operation, Effect effect) => new(ConnectionLost, operation, ("effect", effect));

    public static Error TimedOut(Operation operation, TimeSpan limit, Effect effect) =>
        new(JetStreamTimeout, operation, ("seconds", limit.TotalSeconds), ("effect", effect));

    public static Error NotEnabled(Operation operation, string? server, string? address) =>
        new(JetStreamNotEnabled, operation, ("server", server), ("address", address));

    public static Error Silent(Operation operation) => new(JetStreamSilent, operation);

    public static Error Foreign(Operation operation) => new(ForeignAnswer, operation);

    public static Error Unreadable(Operation operation, string reason) => new(UnreadableAnswer, operation, ("reason", reason));

    /// <summary>The gateway's own user may not publish there.</summary>
    public static Error Forbidden(Operation operation, string subject) => new(NotPermitted, operation, ("subject", subject));

    public static Error TooLarge(Operation operation, int size, int limit) =>
        new(RequestTooLarge, operation, ("size", size), ("limit", limit));

    public static Error TooOld(Operation operation, string field, string since, string? server) =>
        new(ServerTooOld, operation, ("field", field), ("since", since), ("server", server));

    /// <summary>In a cluster of several versions: not the connected server, but the one that it falls to.</summary>
    /// <param name="operation">What fails.</param>
    /// <param name="field">What was asked for.</param>
    /// <param name="since">The first version that has it.</param>
    /// <param name="peer">The version of the one that it falls to; null: it does not say, so it is from before 2.11.</param>
    public static Error PeerTooOld(Operation operation, string field, string since, string? peer) =>
        new(ServerTooOld, operation, ("field", field), ("since", since), ("peer", peer));

    /// <summary>Whatever is the matter, it may be over in a moment: that is what a load balancer has to know.</summary>
    public static Error Unready(Operation operation, Error cause) => new(NotReady, operation, ("cause", cause));

    /// <inheritdoc cref="Unready(Operation, Error)"/>
    public static Error Unready(Operation operation, string reason) => new(NotReady, operation, ("reason", reason));

    /// <inheritdoc cref="Unready(Operation, Error)"/>
    public static Error Unready(Operation operation, TimeSpan limit) => new(NotReady, operation, ("seconds", limit.TotalSeconds));

    public static Error Deaf(Operation operation) => new(RepliesNotHeard, operation);
}
