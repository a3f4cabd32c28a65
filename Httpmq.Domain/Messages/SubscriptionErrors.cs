using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using static Httpmq.Domain.Messages.SubscriptionErrorTypes;

namespace Httpmq.Domain.Messages;

/// <summary>Makes the errors of <see cref="SubscriptionErrorTypes"/>.</summary>
public static class SubscriptionErrors
{
    /// <summary>The ends of a subscription whose consumer is not there any more.</summary>
    public static readonly Error Deleted = new(ConsumerDeleted, null);

    /// <inheritdoc cref="Deleted"/>
    public static readonly Error Replaced = new(ConsumerReplaced, null);

    /// <inheritdoc cref="Deleted"/>
    public static readonly Error NoStream = new(StreamDeleted, null);

    /// <inheritdoc cref="Deleted"/>
    public static readonly Error Pushed = new(BecamePush, null);

    public static Error Full(int limit) => new(SubscriptionErrorTypes.TooMany, null, ("limit", limit));

    public static Error Bound(StreamName stream, ConsumerName consumer) =>
        new(AlreadyBound, null, ("stream", stream.Value), ("consumer", consumer.Value));

    /// <param name="consumer">The consumer.</param>
    /// <param name="current">Its group; empty: none.</param>
    /// <param name="wanted">The group that the subscriber named; null: none.</param>
    public static Error Group(string consumer, string current, string? wanted) =>
        new(OtherGroup, null, ("consumer", consumer), ("current", current), ("wanted", wanted));

    public static Error NotFiltered(string consumer, string subject, IReadOnlyList<string> filters) =>
        new(SubjectNotFiltered, null, ("consumer", consumer), ("subject", subject), ("filters", filters));

    public static Error Outside(StreamName stream, string subject, IReadOnlyList<string> subjects) =>
        new(SubjectOutsideStream, null, ("stream", stream.Value), ("subject", subject), ("subjects", subjects));

    public static Error Held(string consumer) => new(ConsumerHeld, null, ("consumer", consumer));

    /// <param name="status">NATS' status line.</param>
    public static Error Refused(string status) => new(PullRefused, null, ("status", status));

    /// <param name="waiting">Bytes that wait for the subscriber.</param>
    /// <param name="limit">Bytes that may wait for all together, where that is what made it end; else null.</param>
    public static Error Slow(long waiting, long? limit = null) => limit is null
        ? new(TooSlow, null, ("waiting", waiting))
        : new(TooSlow, null, ("waiting", waiting), ("limit", limit));

    /// <summary>The gateway's own user lacks a permission.</summary>
    /// <param name="verb">What it may not do: publish, subscribe.</param>
    /// <param name="subject">Where.</param>
    public static Error NotPermitted(string verb, string subject) => new(NotPermittedByNats, null, ("verb", verb), ("subject", subject));

    /// <param name="reason">What the client library says; null: the connection was closed.</param>
    public static Error Failed(string? reason) => new(Broken, null, ("reason", reason));
}
