using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Consumers;

public enum ConsumerMode
{
    /// <summary>JetStream sends messages to a deliver subject as they come.</summary>
    Push,

    /// <summary>Subscribers ask for messages; any number of them share.</summary>
    Pull,
}

/// <summary>
/// A consumer's configuration, in JetStream's words. Those that are defined here deliver all and are acknowledged explicitly. Null means
/// JetStream's default in a definition, and untouched in a change; of a consumer that JetStream reports only metadata may be null.
/// </summary>
public sealed record ConsumerConfig
{
    /// <summary>30 seconds, in nanoseconds: JetStream's own default.</summary>
    public const long DefaultAckWait = 30_000_000_000;

    /// <summary>
    /// 1 millisecond, in nanoseconds. With less, every message comes again before anybody can acknowledge it; who says 30 means seconds.
    /// </summary>
    public const long ShortestAckWait = 1_000_000;

    /// <summary>The consumer's name; empty for one that is not durable, and so was made by another client.</summary>
    public string? DurableName { get; init; }

    /// <summary>A text for people; see <see cref="Limits.Description"/>.</summary>
    public string? Description { get; init; }

    /// <summary>Push only: where JetStream sends the messages; empty for a pull consumer.</summary>
    public string? DeliverSubject { get; init; }

    /// <summary>Push only: members that subscribe with this name share the messages; empty without one.</summary>
    public string? DeliverGroup { get; init; }

    /// <summary>Deliveries of one message in total; -1: no limit.</summary>
    public long? MaxDeliver { get; init; }

    /// <summary>How long until a message that was not acknowledged comes again.</summary>
    public GivenDuration? AckWait { get; init; }

    /// <summary>Which of the stream's subjects it takes; empty: all, or several.</summary>
    public string? FilterSubject { get; init; }

    /// <summary>Several filters, from nats-server 2.10 on.</summary>
    public IReadOnlyList<string>? FilterSubjects { get; init; }

    /// <summary>Pull only: requests that may wait at a time.</summary>
    public long? MaxWaiting { get; init; }

    /// <summary>Messages sent and not yet acknowledged, at most.</summary>
    public long? MaxAckPending { get; init; }

    /// <summary>See <see cref="Limits.Metadata"/>. Of a consumer that JetStream reports: without what nats-server wrote, null where that is all.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>All filters, however they are written.</summary>
    public IReadOnlyList<string> Filters() => FilterSubjects is { Count: > 0 } several ? several : FilterSubject is { Length: > 0 } one ? [one] : [];

    /// <summary>Whether JetStream sends by itself.</summary>
    public bool IsPush() => DeliverSubject is { Length: > 0 };
}

/// <summary>A consumer as JetStream reports it. <see cref="PushBound"/>: somebody listens to its deliver subject (push only).</summary>
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
    /// <summary>Whether another <see cref="Created"/> means another consumer: the same one always answers with the same.</summary>
    public bool HasStableCreated { get; init; }
}

/// <summary>A position of a consumer; <paramref name="LastActive"/> is null until it moved.</summary>
public sealed record SequenceInfo(ulong ConsumerSeq, ulong StreamSeq, DateTimeOffset? LastActive);
