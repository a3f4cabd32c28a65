using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Streams;

/// <summary>
/// Limits of a stream, in JetStream's words. Null means JetStream's default in a definition, and untouched in a change; of a stream that
/// JetStream reports none is null, and what is unlimited is -1.
/// </summary>
public record StreamLimits
{
    /// <summary>The shortest age that JetStream accepts, in nanoseconds: 100 ms.</summary>
    public const long ShortestMaxAge = 100_000_000;

    /// <summary>JetStream's default window in which it drops duplicates by message id, in nanoseconds: 2 minutes.</summary>
    public const long DefaultDuplicateWindow = 120_000_000_000;

    /// <summary>Consumers; -1 and 0 mean unlimited.</summary>
    public long? MaxConsumers { get; init; }

    /// <summary>Messages; -1 and 0 mean unlimited.</summary>
    public long? MaxMsgs { get; init; }

    /// <summary>Bytes; -1 and 0 mean unlimited.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>Age of a message; 0 means unlimited.</summary>
    public GivenDuration? MaxAge { get; init; }

    /// <summary>Messages of one subject; -1 and 0 mean unlimited.</summary>
    public long? MaxMsgsPerSubject { get; init; }

    /// <summary>Bytes of one message; -1 and 0 mean unlimited.</summary>
    public int? MaxMsgSize { get; init; }

    /// <summary>The default window is never longer than messages live.</summary>
    public static long DuplicateWindowFor(long maxAge) =>
        maxAge is > 0 and < DefaultDuplicateWindow ? maxAge : DefaultDuplicateWindow;

    /// <summary>Unlimited as JetStream writes it: -1 instead of 0.</summary>
    public StreamLimits WithoutZeros() => this with
    {
        MaxConsumers = Unlimited(MaxConsumers),
        MaxMsgs = Unlimited(MaxMsgs),
        MaxBytes = Unlimited(MaxBytes),
        MaxMsgsPerSubject = Unlimited(MaxMsgsPerSubject),
        MaxMsgSize = (int?)Unlimited(MaxMsgSize),
    };

    private static long? Unlimited(long? limit) => limit == 0 ? -1 : limit;
}

/// <summary>A stream's configuration, in JetStream's words; null as in <see cref="StreamLimits"/>.</summary>
public sealed record StreamConfig : StreamLimits
{
    /// <summary>
    /// The most subjects of a stream. JetStream compares each with every other: some 2.9 servers answer nobody for 3 s over 3,000
    /// of them, and for half a minute over 10,000.
    /// </summary>
    public const int MostSubjects = 1000;

    /// <summary>The most copies that JetStream keeps.</summary>
    public const int MostReplicas = 5;

    /// <summary>The stream's name.</summary>
    public string? Name { get; init; }

    /// <summary>A text for people; see <see cref="Limits.Description"/>.</summary>
    public string? Description { get; init; }

    /// <summary>Subjects that it takes; none in a definition: JetStream uses the name as the subject.</summary>
    public IReadOnlyList<string>? Subjects { get; init; }

    /// <summary>Servers that keep a copy of each message.</summary>
    public int? NumReplicas { get; init; }

    /// <summary>See <see cref="Limits.Metadata"/>. Of a stream that JetStream reports: without what nats-server wrote, null where that is all.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>A stream as JetStream reports it.</summary>
public sealed record StreamInfo(StreamConfig Config, DateTimeOffset Created, StreamState State)
{
    /// <summary>Whether messages may be stored under other subjects than the stream's: a mirror, sources, or a rewriting.</summary>
    public bool TakesOtherSubjects { get; init; }
}

/// <summary>What a stream holds. The times are <see cref="DateTimeOffset.MinValue"/> until there was a message.</summary>
public sealed record StreamState(
    ulong Messages,
    ulong Bytes,
    ulong FirstSeq,
    DateTimeOffset FirstTs,
    ulong LastSeq,
    DateTimeOffset LastTs,
    long ConsumerCount);
