using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Streams;

/// <summary>
/// Limits of a stream. Null means JetStream's default in a definition, and untouched in a change.
/// </summary>
/// <param name="MaxConsumers">Consumers; -1 and 0 mean unlimited.</param>
/// <param name="MaxMessages">Messages; -1 and 0 mean unlimited.</param>
/// <param name="MaxBytes">Bytes; -1 and 0 mean unlimited.</param>
/// <param name="MaxAge">Age of a message; 0 means unlimited.</param>
/// <param name="MaxMessagesPerSubject">Messages of one subject; -1 and 0 mean unlimited.</param>
/// <param name="MaxMessageSize">Bytes of one message; -1 and 0 mean unlimited.</param>
public sealed record StreamLimits(
    long? MaxConsumers,
    long? MaxMessages,
    long? MaxBytes,
    GivenDuration? MaxAge,
    long? MaxMessagesPerSubject,
    int? MaxMessageSize)
{
    /// <summary>The shortest age that JetStream accepts, in nanoseconds: 100 ms.</summary>
    public const long ShortestMaxAge = 100_000_000;

    /// <summary>JetStream's default window in which it drops duplicates by message id, in nanoseconds: 2 minutes.</summary>
    public const long DefaultDuplicateWindow = 120_000_000_000;

    /// <summary>The default window is never longer than messages live.</summary>
    public static long DuplicateWindowFor(long maxAge) =>
        maxAge is > 0 and < DefaultDuplicateWindow ? maxAge : DefaultDuplicateWindow;
}

/// <summary>A stream to define.</summary>
/// <param name="Name">The stream's name.</param>
/// <param name="Subjects">Subjects that it takes; none: JetStream uses the name as the subject.</param>
/// <param name="Limits">Its limits.</param>
/// <param name="Replicas">Servers that keep a copy of each message; null: JetStream's default, one.</param>
public sealed record StreamSpec(StreamName Name, IReadOnlyList<SubjectFilter> Subjects, StreamLimits Limits, int? Replicas)
{
    /// <summary>
    /// The most subjects of a stream. JetStream compares each with every other: some 2.9 servers answer nobody for 3 s over 3,000
    /// of them, and for half a minute over 10,000.
    /// </summary>
    public const int MostSubjects = 1000;

    /// <summary>The most copies that JetStream keeps.</summary>
    public const int MostReplicas = 5;
}

/// <summary>A stream as JetStream reports it.</summary>
public sealed record StreamInfo(StreamConfig Config, DateTimeOffset Created, StreamState State);

/// <summary>A stream's configuration in force; limits are -1 when unlimited, <see cref="MaxAge"/> (nanoseconds) is 0.</summary>
public sealed record StreamConfig(
    string Name,
    string Description,
    IReadOnlyList<string> Subjects,
    long MaxConsumers,
    long MaxMessages,
    long MaxBytes,
    long MaxAge,
    long MaxMessagesPerSubject,
    int MaxMessageSize,
    int Replicas)
{
    /// <summary>Whether messages may be stored under other subjects than <see cref="Subjects"/>: a mirror, sources, or a rewriting.</summary>
    public bool TakesOtherSubjects { get; init; }
}

/// <summary>What a stream holds. The times are <see cref="DateTimeOffset.MinValue"/> until there was a message.</summary>
public sealed record StreamState(
    ulong Messages,
    ulong Bytes,
    ulong FirstSequence,
    DateTimeOffset FirstTime,
    ulong LastSequence,
    DateTimeOffset LastTime,
    long ConsumerCount);
