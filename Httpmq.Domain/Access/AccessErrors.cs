using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>Makes the errors of <see cref="AccessErrorTypes"/>.</summary>
public static class AccessErrors
{
    /// <summary>Nothing is shown.</summary>
    public static readonly Error Nothing = new(AccessErrorTypes.Unauthenticated, null);

    /// <summary>A stream that is open longer than the token is valid.</summary>
    public static readonly Error Expired = Unknown("the token or client certificate has expired; begin again with a new one");

    /// <summary>A stream of somebody whose key was withdrawn, or who has other rights now.</summary>
    public static readonly Error Withdrawn = Unknown("the key or its rights have changed since this began; begin again");

    /// <summary>The keys of a token's issuer cannot be fetched.</summary>
    public static readonly Error IssuerAway = new(AccessErrorTypes.IssuerUnavailable, null);

    /// <param name="reason">What is wrong with what is shown; never the thing itself.</param>
    public static Error Unknown(string reason) => new(AccessErrorTypes.Unauthenticated, null, ("reason", reason));

    /// <inheritdoc cref="Unknown"/>
    public static Error Invalid(string reason) => new(AccessErrorTypes.InvalidCredentials, null, ("reason", reason));

    public static Error Publish(Caller caller, string subject) => Of(caller, "publish", ("subject", subject));

    public static Error Consume(Caller caller, StreamName stream, ConsumerName consumer) =>
        Of(caller, "consume", ("stream", stream.Value), ("consumer", consumer.Value));

    /// <param name="caller">Who asks.</param>
    /// <param name="subjects">A subject or a filter.</param>
    public static Error Read(Caller caller, string subjects) => Of(caller, "read", ("subject", subjects));

    /// <summary>The same whether the message is there or not.</summary>
    public static Error Read(Caller caller, StreamName stream, ulong sequence) =>
        Of(caller, "read", ("stream", stream.Value), ("sequence", sequence));

    public static Error Manage(Caller caller, StreamName stream) => Of(caller, "manage", ("stream", stream.Value));

    /// <param name="caller">Who asks.</param>
    /// <param name="field">The field of a definition that touches more than the stream itself.</param>
    /// <param name="value">What it touches.</param>
    public static Error Touch(Caller caller, string field, string? value) => Of(caller, "touch", ("field", field), ("value", value));

    public static Error See(Caller caller, StreamName stream) => Of(caller, "see", ("stream", stream.Value));

    public static Error SeeServer(Caller caller) => Of(caller, "see-server");

    private static Error Of(Caller caller, string action, params (string Name, object? Value)[] members) => new(
        caller.IsIdentified ? AccessErrorTypes.NotPermitted : AccessErrorTypes.Unauthenticated,
        null,
        [("caller", caller.Name), ("action", action), .. members]);
}
