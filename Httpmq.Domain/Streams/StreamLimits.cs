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
    [Field(V1 = true, Minimum = -1)]
    public long? MaxConsumers { get; init; }

    /// <summary>Messages at most; -1: unlimited (0 is taken as -1).</summary>
    [Field(V1 = true, Minimum = -1)]
    public long? MaxMsgs { get; init; }

    /// <summary>Bytes at most; -1: unlimited (0 is taken as -1).</summary>
    [Field(V1 = true, Minimum = -1, Unit = "bytes")]
    public long? MaxBytes { get; init; }

    /// <summary>How long messages live, in nanoseconds: 0 for ever, else at least 100 ms.</summary>
    [Field(V1 = true, Minimum = 0)]
    public GivenDuration? MaxAge { get; init; }

    /// <summary>Messages of one subject at most; -1: unlimited (0 is taken as -1).</summary>
    [Field(V1 = true, Minimum = -1)]
    public long? MaxMsgsPerSubject { get; init; }

    /// <summary>Bytes of one message at most; -1: unlimited (0 is taken as -1).</summary>
    [Field(V1 = true, Minimum = -1, Unit = "bytes")]
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
