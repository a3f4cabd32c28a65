using Httpmq.Domain.Features;
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

    /// <summary>What JetStream reports of what v1 does not have where nothing is said of it.</summary>
    public static readonly ConsumerConfig Defaults = new()
    {
        DeliverPolicy = "all",
        AckPolicy = "explicit",
        ReplayPolicy = "instant",
        MaxWaiting = 512,
        MaxAckPending = 1000,
        PriorityPolicy = "none",
    };

    /// <summary>The consumer's name: 1 to 255 of the characters A-Z a-z 0-9 - _.</summary>
    /// <remarks>Empty for one that is not durable, and so was made by another client.</remarks>
    [Field(V1 = true, Required = true, IsName = true)]
    public string? DurableName { get; init; }

    /// <summary>A description, at most 4096 bytes; reported as empty where there is none.</summary>
    [Field(V1 = true)]
    public string? Description { get; init; }

    /// <summary>Subjects of the stream that it takes, wildcards allowed; absent or empty: all.</summary>
    /// <remarks>Also empty where there are several.</remarks>
    [Field(V1 = true)]
    public string? FilterSubject { get; init; }

    /// <summary>Several filters, wildcards allowed; not with `filter_subject`. From nats-server 2.10 on.</summary>
    [Field(Feature = nameof(Feature.FilterSubjects))]
    public IReadOnlyList<string>? FilterSubjects { get; init; }

    /// <summary>Push only: where JetStream sends the messages; empty for a pull consumer. It cannot be changed.</summary>
    [Field(V1 = true)]
    public string? DeliverSubject { get; init; }

    /// <summary>Push only: subscribers that name this group share the messages; reported as empty where there is none.</summary>
    [Field(V1 = true, IsName = true)]
    public string? DeliverGroup { get; init; }

    /// <summary>Messages sent and not yet acknowledged, at most; at least 1.</summary>
    [Field(V1 = true, Required = true, Minimum = 1)]
    public long? MaxAckPending { get; init; }

    /// <summary>Deliveries of one message in total; -1: no limit, as 0 or absent in a definition.</summary>
    [Field(V1 = true, Minimum = -1)]
    public long? MaxDeliver { get; init; }

    /// <summary>
    /// How long until a message that was not acknowledged is delivered again, in nanoseconds: at least 1 ms; 0 or absent in a definition:
    /// 30 s.
    /// </summary>
    [Field(V1 = true, Minimum = 0)]
    public GivenDuration? AckWait { get; init; }

    /// <summary>Pull only: requests that may wait at a time; absent in a definition: 512. It cannot be changed.</summary>
    [Field(Minimum = 0)]
    public long? MaxWaiting { get; init; }

    /// <summary>
    /// Names and texts that JetStream keeps and does not read, at most 128 KiB together; names that begin with _nats. are nats-server's
    /// own: they may be named, and stay as they are. From nats-server 2.10 on. Absent in a change: as it is.
    /// </summary>
    [Field(V1 = true, Feature = nameof(Feature.Metadata))]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>
    /// Where it begins: `all` (the default), `last`, `new`, `last_per_subject`, `by_start_sequence` or `by_start_time`. It cannot be
    /// changed.
    /// </summary>
    [Field(Values = ["all", "last", "new", "by_start_sequence", "by_start_time", "last_per_subject"])]
    public string? DeliverPolicy { get; init; }

    /// <summary>With `by_start_sequence`: the stream sequence that it begins with, at most 2^53-1.</summary>
    public ulong? OptStartSeq { get; init; }

    /// <summary>With `by_start_time`: when the first message that it delivers was stored.</summary>
    public DateTimeOffset? OptStartTime { get; init; }

    /// <summary>
    /// Which messages are acknowledged: each, `explicit` (the default), one for all before it, `all`, or `none`. The gateway passes on
    /// acknowledgements of `explicit` ones only. `flow_control` is for mirrors, from nats-server 2.14 on; it has no `ack_wait`. It cannot
    /// be changed.
    /// </summary>
    [Field(Values = ["explicit", "all", "none", "flow_control"])]
    [ValueFeature("flow_control", nameof(Feature.DurableSources))]
    public string? AckPolicy { get; init; }

    /// <summary>
    /// How long until each redelivery, in nanoseconds, instead of `ack_wait`; the last one holds for all that follow. Not more of them than
    /// `max_retry`.
    /// </summary>
    [Field(Minimum = 0)]
    public IReadOnlyList<GivenDuration>? Backoff { get; init; }

    /// <summary>
    /// How fast messages are sent: as fast as may be, `instant` (the default), or as they came, `original`. It cannot be changed.
    /// </summary>
    [Field(Values = ["instant", "original"])]
    public string? ReplayPolicy { get; init; }

    /// <summary>Push only: bits per second at most; at most 2^53-1.</summary>
    public ulong? RateLimitBps { get; init; }

    /// <summary>How many of a hundred acknowledgements JetStream publishes an advisory about, such as "100" or "30%".</summary>
    public string? SampleFreq { get; init; }

    /// <summary>Push only: JetStream slows down for a subscriber that is slow. Needs `idle_heartbeat`. It cannot be changed.</summary>
    public bool? FlowControl { get; init; }

    /// <summary>
    /// Push only: how often JetStream sends a sign of life when there is nothing else, in nanoseconds. It cannot be changed.
    /// </summary>
    [Field(Minimum = 0)]
    public GivenDuration? IdleHeartbeat { get; init; }

    /// <summary>Deliver the headers only.</summary>
    public bool? HeadersOnly { get; init; }

    /// <summary>Pull only: messages that one request may ask for at most; absent: any.</summary>
    [Field(Minimum = 0)]
    public long? MaxBatch { get; init; }

    /// <summary>Pull only: how long one request may wait at most, in nanoseconds; absent: any. The gateway's own wait 60 s.</summary>
    [Field(Minimum = 0)]
    public GivenDuration? MaxExpires { get; init; }

    /// <summary>Pull only: bytes that one request may ask for at most; absent: any.</summary>
    [Field(Minimum = 0, Unit = "bytes")]
    public long? MaxBytes { get; init; }

    /// <summary>How long it lives without a subscriber, in nanoseconds; absent: for ever.</summary>
    [Field(Minimum = 0)]
    public GivenDuration? InactiveThreshold { get; init; }

    /// <summary>Servers of a cluster that keep its state, 1 to 5; absent: as many as keep the stream.</summary>
    [Field(Minimum = 0, Maximum = 5)]
    public int? NumReplicas { get; init; }

    /// <summary>Keep its state in memory, whatever the stream does.</summary>
    public bool? MemStorage { get; init; }

    /// <summary>Deliver nothing until then. From nats-server 2.11 on.</summary>
    [Field(Feature = nameof(Feature.Pause))]
    public DateTimeOffset? PauseUntil { get; init; }

    /// <summary>
    /// Pull only: the name of the group whose members are not all alike; needs `priority_policy`. From nats-server 2.11 on.
    /// </summary>
    [Field(Feature = nameof(Feature.PriorityGroups))]
    public IReadOnlyList<string>? PriorityGroups { get; init; }

    /// <summary>
    /// Who of a priority group is served: `overflow`, one alone (`pinned_client`), or the most urgent (`prioritized`, from nats-server 2.12
    /// on); `none`: all. From nats-server 2.11 on.
    /// </summary>
    [Field(Feature = nameof(Feature.PriorityGroups), Values = ["none", "overflow", "pinned_client", "prioritized"])]
    [ValueFeature("prioritized", nameof(Feature.PrioritizedGroups))]
    public string? PriorityPolicy { get; init; }

    /// <summary>
    /// With `pinned_client`: how long one may be silent before another takes its place, in nanoseconds. From nats-server 2.11 on.
    /// </summary>
    [Field(Feature = nameof(Feature.PriorityGroups), Minimum = 0)]
    public GivenDuration? PriorityTimeout { get; init; }

    /// <summary>All filters, however they are written.</summary>
    public IReadOnlyList<string> Filters() =>
        FilterSubjects is { Count: > 0 } several ? several : FilterSubject is { Length: > 0 } one ? [one] : [];

    /// <summary>With a filter in a list of one as `filter_subject`, as it is reported.</summary>
    public ConsumerConfig WithSingleFilter() =>
        FilterSubjects is [var filter] ? this with { FilterSubject = filter, FilterSubjects = null } : this;

    /// <summary>
    /// With the ack wait that holds where none is named: the first step of the backoff, else 30 s. With `flow_control` as `ack_policy` none
    /// does, and JetStream refuses one.
    /// </summary>
    public ConsumerConfig WithAckWait() => this with
    {
        AckWait = AckWait is { Nanoseconds: > 0 } wait ? wait
            : AckPolicy is "flow_control" ? null
            : Backoff is { Count: > 0 } backoff ? backoff[0] : DefaultAckWait,
    };

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
