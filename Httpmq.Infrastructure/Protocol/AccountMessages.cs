namespace Httpmq.Infrastructure.Protocol;

/// <summary>What an account uses of JetStream, and what it may: the answer to <c>INFO</c>. What is absent is 0.</summary>
internal sealed record AccountInfoWire : ApiResponse
{
    public ulong Memory { get; init; }

    public ulong Storage { get; init; }

    public ulong ReservedMemory { get; init; }

    public ulong ReservedStorage { get; init; }

    public long Streams { get; init; }

    public long Consumers { get; init; }

    public AccountLimitsWire? Limits { get; init; }

    public string? Domain { get; init; }

    public ApiStatsWire? Api { get; init; }

    public IReadOnlyDictionary<string, AccountTierWire>? Tiers { get; init; }
}

/// <summary>The same for streams with some number of copies.</summary>
internal sealed record AccountTierWire(
    ulong Memory,
    ulong Storage,
    ulong ReservedMemory,
    ulong ReservedStorage,
    long Streams,
    long Consumers,
    AccountLimitsWire? Limits);

internal sealed record AccountLimitsWire(
    long MaxMemory,
    long MaxStorage,
    long MaxStreams,
    long MaxConsumers,
    long MaxAckPending,
    long MemoryMaxStreamBytes,
    long StorageMaxStreamBytes,
    bool MaxBytesRequired);

/// <summary>About JetStream's API itself.</summary>
/// <param name="Level">The level of whoever answers; absent before nats-server 2.11.</param>
internal sealed record ApiStatsWire(int Level);
