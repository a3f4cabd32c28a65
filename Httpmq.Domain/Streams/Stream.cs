using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Streams;

/// <summary>Limits of a stream.</summary>
/// <remarks>
/// In JetStream's words. Null means JetStream's default in a definition, and untouched in a change; of a stream that JetStream reports
/// none is null, and what is unlimited is -1.
/// </remarks>
public record StreamLimits
{
    /// <summary>The shortest age that JetStream accepts, in nanoseconds: 100 ms.</summary>
    public const long ShortestMaxAge = 100_000_000;

    /// <summary>JetStream's default window in which it drops duplicates by message id, in nanoseconds: 2 minutes.</summary>
    public const long DefaultDuplicateWindow = 120_000_000_000;

    /// <summary>Consumers at most; -1: unlimited (0 is taken as -1). JetStream refuses to change it later.</summary>
    [Field(Minimum = -1)]
    public long? MaxConsumers { get; init; }

    /// <summary>Messages at most; -1: unlimited (0 is taken as -1).</summary>
    [Field(Minimum = -1)]
    public long? MaxMsgs { get; init; }

    /// <summary>Bytes at most; -1: unlimited (0 is taken as -1).</summary>
    [Field(Minimum = -1, Unit = "bytes")]
    public long? MaxBytes { get; init; }

    /// <summary>How long messages live, in nanoseconds: 0 for ever, else at least 100 ms.</summary>
    [Field(Minimum = 0)]
    public GivenDuration? MaxAge { get; init; }

    /// <summary>Messages of one subject at most; -1: unlimited (0 is taken as -1).</summary>
    [Field(Minimum = -1)]
    public long? MaxMsgsPerSubject { get; init; }

    /// <summary>Bytes of one message at most; -1: unlimited (0 is taken as -1).</summary>
    [Field(Minimum = -1, Unit = "bytes")]
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

/// <summary>A stream's configuration. A limit that is not set is -1, and <c>max_age</c> is 0.</summary>
/// <remarks>Null as in <see cref="StreamLimits"/>.</remarks>
public record StreamConfig : StreamLimits
{
    /// <summary>
    /// The most subjects of a stream. JetStream compares each with every other: some 2.9 servers answer nobody for 3 s over 3,000
    /// of them, and for half a minute over 10,000.
    /// </summary>
    public const int MostSubjects = 1000;

    /// <summary>The most copies that JetStream keeps.</summary>
    public const int MostReplicas = 5;

    /// <summary>The stream's name: 1 to 255 of the characters A-Z a-z 0-9 - _.</summary>
    [Field(Required = true, IsName = true)]
    public string? Name { get; init; }

    /// <summary>
    /// Subjects that the stream takes, at most 1000, wildcards allowed; none in a definition: the stream's name is its subject.
    /// </summary>
    public IReadOnlyList<string>? Subjects { get; init; }

    /// <summary>
    /// Servers of a cluster that keep a copy of each message, 1 to 5; absent in a definition: 1. More than 1 needs a cluster of as many.
    /// </summary>
    [Field(Minimum = 1, Maximum = MostReplicas)]
    public int? NumReplicas { get; init; }

    /// <summary>A description, at most 4096 bytes; reported as empty where there is none.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// Names and texts that JetStream keeps and does not read, at most 128 KiB together; names that begin with _nats. are nats-server's
    /// own, and not shown. From nats-server 2.10 on.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>A stream's configuration and state.</summary>
/// <param name="Config">Its configuration.</param>
/// <param name="Created">When it was created.</param>
/// <param name="State">What it holds.</param>
public sealed record StreamInfo(StreamConfig Config, DateTimeOffset Created, StreamState State)
{
    /// <summary>Whether messages may be stored under other subjects than the stream's: a mirror, sources, or a rewriting.</summary>
    public bool TakesOtherSubjects { get; init; }
}

/// <summary>What a stream holds.</summary>
/// <param name="Messages">How many messages.</param>
/// <param name="Bytes">How many bytes, with what JetStream stores beside each message.</param>
/// <param name="FirstSeq">The sequence of the first message that is still there.</param>
/// <param name="FirstTs">When that was stored; 0001-01-01T00:00:00Z until there was a message.</param>
/// <param name="LastSeq">The sequence of the last message.</param>
/// <param name="LastTs">When that was stored; 0001-01-01T00:00:00Z until there was a message.</param>
/// <param name="ConsumerCount">How many consumers the stream has.</param>
public sealed record StreamState(
    ulong Messages,
    ulong Bytes,
    ulong FirstSeq,
    DateTimeOffset FirstTs,
    ulong LastSeq,
    DateTimeOffset LastTs,
    long ConsumerCount);
