using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Consumers;

public enum ConsumerMode
{
    /// <summary>JetStream sends messages to a deliver subject as they come.</summary>
    Push,

    /// <summary>Subscribers ask for messages; any number of them share.</summary>
    Pull,
}

/// <summary>A consumer's configuration.</summary>
/// <remarks>
/// In JetStream's words. Consumers that are defined here deliver all and are acknowledged explicitly. Null means JetStream's default in a
/// definition, and untouched in a change; of a consumer that JetStream reports only metadata may be null.
/// </remarks>
public record ConsumerConfig
{
    /// <summary>30 seconds, in nanoseconds: JetStream's own default.</summary>
    public const long DefaultAckWait = 30_000_000_000;

    /// <summary>
    /// 1 millisecond, in nanoseconds. With less, every message comes again before anybody can acknowledge it; who says 30 means seconds.
    /// </summary>
    public const long ShortestAckWait = 1_000_000;

    /// <summary>The consumer's name: 1 to 255 of the characters A-Z a-z 0-9 - _.</summary>
    /// <remarks>Empty for one that is not durable, and so was made by another client.</remarks>
    [Field(Required = true, IsName = true)]
    public string? DurableName { get; init; }

    /// <summary>A description, at most 4096 bytes; reported as empty where there is none.</summary>
    public string? Description { get; init; }

    /// <summary>Subjects of the stream that it takes, wildcards allowed; absent or empty: all.</summary>
    /// <remarks>Also empty where there are several.</remarks>
    public string? FilterSubject { get; init; }

    /// <summary>Several filters, from nats-server 2.10 on.</summary>
    public IReadOnlyList<string>? FilterSubjects { get; init; }

    /// <summary>Push only: where JetStream sends the messages; empty for a pull consumer.</summary>
    public string? DeliverSubject { get; init; }

    /// <summary>Push only: subscribers that name this group share the messages; reported as empty where there is none.</summary>
    [Field(IsName = true)]
    public string? DeliverGroup { get; init; }

    /// <summary>Messages sent and not yet acknowledged, at most; at least 1.</summary>
    [Field(Required = true, Minimum = 1)]
    public long? MaxAckPending { get; init; }

    /// <summary>Deliveries of one message in total; -1: no limit, as 0 or absent in a definition.</summary>
    [Field(Minimum = -1)]
    public long? MaxDeliver { get; init; }

    /// <summary>
    /// How long until a message that was not acknowledged is delivered again, in nanoseconds: at least 1 ms; 0 or absent in a definition:
    /// 30 s.
    /// </summary>
    [Field(Minimum = 0)]
    public GivenDuration? AckWait { get; init; }

    /// <summary>Pull only: requests that may wait at a time.</summary>
    public long? MaxWaiting { get; init; }

    /// <summary>
    /// Names and texts that JetStream keeps and does not read, at most 128 KiB together; names that begin with _nats. are nats-server's
    /// own, and not shown. From nats-server 2.10 on. Absent in a change: as it is.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>All filters, however they are written.</summary>
    public IReadOnlyList<string> Filters() =>
        FilterSubjects is { Count: > 0 } several ? several : FilterSubject is { Length: > 0 } one ? [one] : [];

    /// <summary>What a change may name: all but what makes it this consumer.</summary>
    public ConsumerConfig Changeable() => this with
    {
        DurableName = null,
        FilterSubject = null,
        FilterSubjects = null,
        DeliverSubject = null,
        DeliverGroup = null,
    };

    /// <summary>Whether JetStream sends by itself.</summary>
    public bool IsPush() => DeliverSubject is { Length: > 0 };
}

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
