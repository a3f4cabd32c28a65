using Httpmq.Domain.Features;
using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Streams;

/// <summary>A stream's configuration. A limit that is not set is -1, and <c>max_age</c> is 0.</summary>
/// <remarks>Null as in <see cref="StreamLimits"/>.</remarks>
public record StreamConfig : StreamLimits
{
    /// <summary>
    /// The most subjects of a stream. JetStream compares each with every other: some 2.9 servers answer nobody for 3 s over 3,000
    /// of them, and for half a minute over 10,000.
    /// </summary>
    public const int MostSubjects = 1000;

    /// <summary>What JetStream reports of what v1 does not have where nothing is said of it.</summary>
    /// <param name="maxAge">How long messages live, in nanoseconds; 0: for ever.</param>
    public static StreamConfig DefaultsFor(long maxAge) => new()
    {
        Retention = "limits",
        Discard = "old",
        Storage = "file",
        Compression = "none",
        PersistMode = "default",
        DuplicateWindow = DuplicateWindowFor(maxAge),
    };

    /// <summary>The most copies that JetStream keeps.</summary>
    public const int MostReplicas = 5;

    /// <summary>The stream's name: 1 to 255 of the characters A-Z a-z 0-9 - _.</summary>
    [Field(V1 = true, Required = true, IsName = true)]
    public string? Name { get; init; }

    /// <summary>
    /// Subjects that the stream takes, at most 1000, wildcards allowed; none in a definition: the stream's name is its subject.
    /// </summary>
    [Field(V1 = true)]
    public IReadOnlyList<string>? Subjects { get; init; }

    /// <summary>
    /// Servers of a cluster that keep a copy of each message, 1 to 5; absent in a definition: 1. More than 1 needs a cluster of as many.
    /// </summary>
    [Field(V1 = true, Minimum = 1, Maximum = MostReplicas)]
    public int? NumReplicas { get; init; }

    /// <summary>A description, at most 4096 bytes; reported as empty where there is none.</summary>
    [Field(V1 = true)]
    public string? Description { get; init; }

    /// <summary>
    /// Names and texts that JetStream keeps and does not read, at most 128 KiB together; names that begin with _nats. are nats-server's
    /// own: they may be named, and stay as they are. From nats-server 2.10 on.
    /// </summary>
    [Field(V1 = true, Feature = nameof(Feature.Metadata))]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>
    /// What keeps a message: its `limits` (the default), the `interest` of consumers that have not acknowledged it yet, or that of one
    /// consumer for each message, `workqueue`.
    /// </summary>
    [Field(Values = ["limits", "interest", "workqueue"])]
    public string? Retention { get; init; }

    /// <summary>What happens at a limit: the `old` messages go (the default), or a `new` one is refused.</summary>
    [Field(Values = ["old", "new"])]
    public string? Discard { get; init; }

    /// <summary>With `discard` `new` and `max_msgs_per_subject`: refuse new messages of a full subject, too.</summary>
    public bool? DiscardNewPerSubject { get; init; }

    /// <summary>Where messages are: `file` (the default) or `memory`. It cannot be changed.</summary>
    [Field(Values = ["file", "memory"])]
    public string? Storage { get; init; }

    /// <summary>Do not confirm messages that are published. `true` is refused: every publish would end in a time-out.</summary>
    public bool? NoAck { get; init; }

    /// <summary>
    /// How long message ids are kept to drop duplicates, in nanoseconds; absent: 2 minutes, or `max_age` where that is shorter.
    /// </summary>
    [Field(Minimum = 0)]
    public GivenDuration? DuplicateWindow { get; init; }

    /// <summary>Which servers of a cluster keep the stream.</summary>
    public StreamPlacement? Placement { get; init; }

    /// <summary>The stream that this one is a copy of; it then has no subjects of its own. It cannot be changed.</summary>
    public StreamSource? Mirror { get; init; }

    /// <summary>Streams from which messages are copied into this one.</summary>
    public IReadOnlyList<StreamSource>? Sources { get; init; }

    /// <summary>What is stored is published again under another subject.</summary>
    public StreamRepublish? Republish { get; init; }

    /// <summary>Subjects are rewritten when a message is stored. From nats-server 2.10 on.</summary>
    [Field(Feature = nameof(Feature.SubjectTransform))]
    public SubjectTransform? SubjectTransform { get; init; }

    /// <summary>Any copy may answer reads of single messages.</summary>
    public bool? AllowDirect { get; init; }

    /// <summary>The same of a mirror, for reads of what it mirrors.</summary>
    public bool? MirrorDirect { get; init; }

    /// <summary>Nothing can be stored or deleted any more. Only in a change, and for good.</summary>
    public bool? Sealed { get; init; }

    /// <summary>Single messages cannot be deleted. It cannot be taken back.</summary>
    public bool? DenyDelete { get; init; }

    /// <summary>The stream cannot be purged. It cannot be taken back.</summary>
    public bool? DenyPurge { get; init; }

    /// <summary>Messages with the header `Nats-Rollup` may replace those before them.</summary>
    public bool? AllowRollupHdrs { get; init; }

    /// <summary>How the store is compressed: `none` (the default) or `s2`. From nats-server 2.10 on.</summary>
    [Field(Feature = nameof(Feature.Compression), Values = ["none", "s2"])]
    public string? Compression { get; init; }

    /// <summary>The sequence of the first message, at most 2^53-1; absent: 1. From nats-server 2.11 on.</summary>
    [Field(Feature = nameof(Feature.FirstSequence))]
    public ulong? FirstSeq { get; init; }

    /// <summary>Limits for the stream's consumers. From nats-server 2.10 on.</summary>
    [Field(Feature = nameof(Feature.ConsumerLimits))]
    public StreamConsumerLimits? ConsumerLimits { get; init; }

    /// <summary>Messages may have a lifetime of their own, `Nats-TTL`. From nats-server 2.11 on. It cannot be taken back.</summary>
    [Field(Feature = nameof(Feature.MessageTtl))]
    public bool? AllowMsgTtl { get; init; }

    /// <summary>
    /// How long a marker stays where the last message of a subject went by its age, in nanoseconds, at least 1 s; absent: no markers. From
    /// nats-server 2.11 on.
    /// </summary>
    [Field(Feature = nameof(Feature.DeleteMarkers), Minimum = 0)]
    public GivenDuration? SubjectDeleteMarkerTtl { get; init; }

    /// <summary>Atomic batches may be published. From nats-server 2.12 on.</summary>
    [Field(Feature = nameof(Feature.AtomicBatch))]
    public bool? AllowAtomic { get; init; }

    /// <summary>The stream holds counters. From nats-server 2.12 on. It cannot be changed.</summary>
    [Field(Feature = nameof(Feature.Counters))]
    public bool? AllowMsgCounter { get; init; }

    /// <summary>Messages may be published at a time to come, `Nats-Schedule`. From nats-server 2.12 on. It cannot be taken back.</summary>
    [Field(Feature = nameof(Feature.Schedules))]
    public bool? AllowMsgSchedules { get; init; }

    /// <summary>
    /// When a message is confirmed: once it is stored, `default`, or before, `async`. From nats-server 2.12 on. It cannot be changed.
    /// </summary>
    [Field(Feature = nameof(Feature.AsyncPersistence), Values = ["default", "async"])]
    public string? PersistMode { get; init; }

    /// <summary>Fast batches may be published. From nats-server 2.14 on.</summary>
    [Field(Feature = nameof(Feature.FastBatch))]
    public bool? AllowBatched { get; init; }
}
