using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Messages;

/// <summary>What a client asks of one pull.</summary>
public sealed record PullOptions
{
    /// <summary>The most messages of one pull.</summary>
    public const int MostMessages = 10_000;

    /// <summary>How long a pull waits that names no time, in nanoseconds: 5 s.</summary>
    public const long DefaultExpires = 5_000_000_000;

    /// <summary>The longest that a pull waits, in nanoseconds: 60 s.</summary>
    public const long LongestExpires = 60_000_000_000;

    /// <summary>The shortest that a pull waits, in nanoseconds: 1 ms. Who writes 30 means seconds.</summary>
    public const long ShortestExpires = 1_000_000;

    /// <summary>What the messages of a pull may have together that names no limit, in bytes: 8 MiB, or the largest message.</summary>
    public const long DefaultBytes = 8 * 1024 * 1024;

    /// <summary>The most that the messages of a pull may have together, in bytes: 64 MiB.</summary>
    public const long MostBytes = 64 * 1024 * 1024;

    /// <summary>The least urgent priority; 0 is the most urgent.</summary>
    public const int LeastPriority = 9;

    /// <summary>Messages, at most: from 1 to <see cref="MostMessages"/>.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>
    /// How long to wait for them, from <see cref="ShortestExpires"/> to <see cref="LongestExpires"/>. Null:
    /// <see cref="DefaultExpires"/>, or not at all with <see cref="NoWait"/>.
    /// </summary>
    public GivenDuration? Expires { get; init; }

    /// <summary>
    /// Bytes of all messages together as JetStream counts them, at most: subjects, headers and payloads. Null: <see cref="DefaultBytes"/>.
    /// </summary>
    public long? MaxBytes { get; init; }

    /// <summary>Ends as soon as nothing is left to be delivered; with <see cref="Expires"/> the first message is waited for.</summary>
    public bool NoWait { get; init; }

    /// <summary>The priority group; null: none. The consumer has to have it. From nats-server 2.11 on.</summary>
    public string? Group { get; init; }

    /// <summary>The pin of a pinned client, as <c>Nats-Pin-Id</c> came with its messages; null: none.</summary>
    public string? Id { get; init; }

    /// <summary>From 0, the most urgent, to <see cref="LeastPriority"/>; null: 0. From nats-server 2.12 on.</summary>
    public int? Priority { get; init; }

    /// <summary>Served only while at least so many messages are to be delivered; null: always.</summary>
    public long? MinPending { get; init; }

    /// <summary>Served only while at least so many messages wait for their acknowledgement; null: always.</summary>
    public long? MinAckPending { get; init; }

    /// <summary>How long JetStream keeps the pull; zero: it answers at once.</summary>
    public TimeSpan Wait => TimeSpan.FromTicks((Expires?.Nanoseconds ?? (NoWait ? 0 : DefaultExpires)) / TimeSpan.NanosecondsPerTick);
}
