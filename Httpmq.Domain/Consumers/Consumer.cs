using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Consumers;

/// <summary>A consumer's configuration and position.</summary>
/// <param name="StreamName">The stream that it reads.</param>
/// <param name="Name">Its name.</param>
/// <param name="Created">When it was created.</param>
/// <param name="Config">Its configuration.</param>
/// <param name="Delivered">The last delivery.</param>
/// <param name="AckFloor">The last delivery before which everything is acknowledged.</param>
/// <param name="NumAckPending">Messages sent and not yet acknowledged.</param>
/// <param name="NumRedelivered">Messages that were sent more than once and are not yet acknowledged.</param>
/// <param name="NumWaiting">Pull only: requests that wait for messages.</param>
/// <param name="NumPending">Messages in the stream that were not sent yet.</param>
/// <param name="PushBound">Push only: whether somebody listens to its deliver subject.</param>
public sealed record ConsumerInfo(
    string StreamName,
    string Name,
    DateTimeOffset Created,
    ConsumerConfig Config,
    SequenceInfo Delivered,
    SequenceInfo AckFloor,
    long NumAckPending,
    long NumRedelivered,
    long NumWaiting,
    ulong NumPending,
    bool PushBound)
{
    /// <summary>Whether it is paused; absent where it is not.</summary>
    public bool? Paused { get; init; }

    /// <summary>For how long it still is paused, in nanoseconds; absent where it is not.</summary>
    public GivenDuration? PauseRemaining { get; init; }

    /// <summary>Its priority groups; absent where it has none.</summary>
    public IReadOnlyList<PriorityGroupState>? PriorityGroups { get; init; }

    /// <summary>
    /// Whether all replicas agree on <see cref="Created"/> (nats-server 2.12.3 and later), provided that the consumer is no older than
    /// that: an upgrade keeps the times of before, of which each replica has its own.
    /// </summary>
    public bool HasStableCreated { get; init; }

    /// <summary>The server's clock when it answered; null before nats-server 2.10.</summary>
    public DateTimeOffset? AnsweredAt { get; init; }

    /// <summary>
    /// Whether this is another consumer than the one that answered before. A push consumer is known by its deliver subject, which no other
    /// has as a rule. Otherwise it is another when it was created after that answer. A server before 2.12.3 cannot tell, and a
    /// pull consumer that was replaced unnoticed passes for the old one.
    /// </summary>
    public bool Replaces(ConsumerInfo before)
    {
        ArgumentNullException.ThrowIfNull(before);
        return !string.Equals(Config.DeliverSubject, before.Config.DeliverSubject, StringComparison.Ordinal)
            || (HasStableCreated && before.HasStableCreated && Created != before.Created && Created > before.AnsweredAt);
    }
}

/// <summary>A position.</summary>
/// <param name="ConsumerSeq">How many deliveries it took, redeliveries included.</param>
/// <param name="StreamSeq">The sequence in the stream.</param>
/// <param name="LastActive">When it last moved.</param>
public sealed record SequenceInfo(ulong ConsumerSeq, ulong StreamSeq, DateTimeOffset? LastActive);
