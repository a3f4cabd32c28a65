using System.Collections.Frozen;
using System.Reflection;

namespace Httpmq.Domain.Features;

/// <summary>
/// What some nats-servers have and earlier ones lack: the one table by which a request is answered 501, and which
/// <c>GET /v1/admin/info</c> shows. An earlier server ignores such a thing, refuses it, or does not answer at all.
/// </summary>
/// <param name="Name">Its name on the wire, in snake case; it never changes.</param>
/// <param name="Since">The first version that has it.</param>
public sealed record Feature(string Name, Version Since)
{
    /// <summary>Metadata of streams and consumers.</summary>
    public static readonly Feature Metadata = new("metadata", new Version(2, 10));

    /// <summary>Compressed stores of streams.</summary>
    public static readonly Feature Compression = new("compression", new Version(2, 10));

    /// <summary>
    /// Streams whose first message has another sequence than 1. 2.10 takes it, but has none of the messages any more after its next start
    /// (2.10.27).
    /// </summary>
    public static readonly Feature FirstSequence = new("first_seq", new Version(2, 11));

    /// <summary>Subjects that are rewritten when a message is stored, and when it comes from another stream.</summary>
    public static readonly Feature SubjectTransform = new("subject_transform", new Version(2, 10));

    /// <summary>Limits that a stream sets for its consumers.</summary>
    public static readonly Feature ConsumerLimits = new("consumer_limits", new Version(2, 10));

    /// <summary>Several filters of one consumer.</summary>
    public static readonly Feature FilterSubjects = new("filter_subjects", new Version(2, 10));

    /// <summary>
    /// Another filter for a consumer that exists. Before, a consumer that has delivered all goes on waiting for messages of the old one:
    /// those of the new one come only with the next of these (measured on 2.9.10, push and pull).
    /// </summary>
    public static readonly Feature FilterChange = new("filter_change", new Version(2, 10));

    /// <summary>A reason with a term.</summary>
    public static readonly Feature TermReason = new("term_reason", new Version(2, 10, 4));

    /// <summary>Messages with a lifetime of their own.</summary>
    public static readonly Feature MessageTtl = new("message_ttl", new Version(2, 11));

    /// <summary>Markers that are stored where the last message of a subject went.</summary>
    public static readonly Feature DeleteMarkers = new("delete_markers", new Version(2, 11));

    /// <summary>Consumers that pause.</summary>
    public static readonly Feature Pause = new("pause", new Version(2, 11));

    /// <summary>Groups of a pull consumer's subscribers, of which some are served first.</summary>
    public static readonly Feature PriorityGroups = new("priority_groups", new Version(2, 11));

    /// <summary>To read the first message that was stored at a time or later.</summary>
    public static readonly Feature ReadByTime = new("read_by_time", new Version(2, 11));

    /// <summary>To read several messages at once without a consumer.</summary>
    public static readonly Feature BatchRead = new("batch_read", new Version(2, 11));

    /// <summary>To expect the last sequence of another subject, or of several, when a message is published.</summary>
    public static readonly Feature ExpectedSubject = new("expected_subject", new Version(2, 11));

    /// <summary>Several messages that are stored together or not at all.</summary>
    public static readonly Feature AtomicBatch = new("atomic_batch", new Version(2, 12));

    /// <summary>Streams of counters.</summary>
    public static readonly Feature Counters = new("counters", new Version(2, 12));

    /// <summary>Messages that are published at a time to come.</summary>
    public static readonly Feature Schedules = new("schedules", new Version(2, 12));

    /// <summary>Streams that confirm a message before it is written.</summary>
    public static readonly Feature AsyncPersistence = new("async_persistence", new Version(2, 12));

    /// <summary>Priority groups whose members say how urgent they are.</summary>
    public static readonly Feature PrioritizedGroups = new("prioritized_groups", new Version(2, 12));

    /// <summary>Schedules that repeat.</summary>
    public static readonly Feature RepeatedSchedules = new("repeated_schedules", new Version(2, 14));

    /// <summary>Batches with flow control, which are not atomic.</summary>
    public static readonly Feature FastBatch = new("fast_batch", new Version(2, 14));

    /// <summary>Consumers that are set back, or forth.</summary>
    public static readonly Feature ConsumerReset = new("consumer_reset", new Version(2, 14));

    /// <summary>Mirrors and sources that read through a durable consumer, and the acknowledgement by flow control that these use.</summary>
    public static readonly Feature DurableSources = new("durable_sources", new Version(2, 14));

    /// <summary>All of them, the oldest first.</summary>
    public static IReadOnlyList<Feature> All { get; } = [.. Members().Select(static member => member.Feature)
        .OrderBy(static feature => feature.Since).ThenBy(static feature => feature.Name, StringComparer.Ordinal)];

    private static readonly FrozenDictionary<string, Feature> ByMember =
        Members().ToFrozenDictionary(static member => member.Member, static member => member.Feature, StringComparer.Ordinal);

    /// <summary>The feature in this field of the class, as attributes name it: <c>nameof(Feature.Pause)</c>.</summary>
    public static Feature Of(string member) => ByMember[member];

    private static IEnumerable<(string Member, Feature Feature)> Members() => typeof(Feature)
        .GetFields(BindingFlags.Static | BindingFlags.Public)
        .Where(static field => field.FieldType == typeof(Feature))
        .Select(static field => (field.Name, (Feature)field.GetValue(null)!));
}
