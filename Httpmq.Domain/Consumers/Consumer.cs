using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Consumers;

public enum ConsumerMode
{
    /// <summary>JetStream sends messages to a deliver subject as they come.</summary>
    Push,

    /// <summary>Subscribers ask for messages; any number of them share.</summary>
    Pull,
}

/// <summary>A durable consumer to define: deliver all, explicit acknowledgement.</summary>
/// <param name="Name">The consumer's name.</param>
/// <param name="Notes">A description; may be empty.</param>
/// <param name="Filter">Subjects of the stream that it takes; null: all of them.</param>
/// <param name="Group">Push only: members that subscribe with this name share the messages.</param>
/// <param name="Mode">Push or pull.</param>
/// <param name="MaxInflight">Messages sent and not yet acknowledged, at most.</param>
/// <param name="MaxDeliver">Deliveries of one message in total; -1: no limit.</param>
/// <param name="AckWait">Nanoseconds until a message that was not acknowledged comes again.</param>
public sealed record ConsumerSpec(
    ConsumerName Name,
    string Notes,
    SubjectFilter? Filter,
    DeliveryGroup? Group,
    ConsumerMode Mode,
    long MaxInflight,
    long MaxDeliver,
    long AckWait)
{
    /// <summary>30 seconds, in nanoseconds: JetStream's own default.</summary>
    public const long DefaultAckWait = 30_000_000_000;

    /// <summary>
    /// 1 millisecond, in nanoseconds. With less, every message comes again before anybody can acknowledge it; who says 30 means seconds.
    /// </summary>
    public const long ShortestAckWait = 1_000_000;
}

/// <summary>A consumer as JetStream reports it. <see cref="Bound"/>: somebody listens to its deliver subject (push only).</summary>
public sealed record ConsumerInfo(
    string StreamName,
    string Name,
    DateTimeOffset Created,
    ConsumerConfig Config,
    SequenceInfo Delivered,
    SequenceInfo AckFloor,
    long AckPending,
    long Redelivered,
    long Waiting,
    ulong Pending,
    bool Bound)
{
    /// <summary>Whether another <see cref="Created"/> means another consumer: the same one always answers with the same.</summary>
    public bool HasStableCreated { get; init; }
}

/// <summary>A consumer's configuration in force; <see cref="AckWait"/> is in nanoseconds.</summary>
public sealed record ConsumerConfig(
    string Notes,
    string DeliverSubject,
    string DeliverGroup,
    long MaxDeliver,
    long AckWait,
    IReadOnlyList<string> FilterSubjects,
    long MaxWaiting,
    long MaxAckPending)
{
    /// <summary>The filter where there is one, empty where there is none or (from nats-server 2.10 on) several.</summary>
    public string FilterSubject => FilterSubjects.Count == 1 ? FilterSubjects[0] : string.Empty;
}

/// <summary>A position of a consumer; <paramref name="LastActive"/> is null until it moved.</summary>
public sealed record SequenceInfo(ulong Consumer, ulong Stream, DateTimeOffset? LastActive);
