namespace Httpmq.Domain.Features;

/// <summary>What the gateway stands in front of.</summary>
/// <param name="Server">The connected server.</param>
/// <param name="Account">The gateway's account.</param>
/// <param name="Features">Every feature, the oldest first, and whether it can be used now.</param>
public sealed record BrokerInfo(ServerInfo Server, AccountInfo Account, IReadOnlyList<FeatureState> Features);

/// <summary>A feature, and whether it can be used now.</summary>
public sealed record FeatureState(Feature Feature, bool IsAvailable);

/// <summary>The nats-server that the gateway is connected to.</summary>
/// <param name="Version">Its version, such as <c>2.15.1</c>.</param>
/// <param name="ApiLevel">
/// The level of JetStream's API; 0: from before 2.11, which has no levels. In a cluster it is that of the server that answers.
/// </param>
/// <param name="Clustered">Whether it is one of several.</param>
public sealed record ServerInfo(string Version, int ApiLevel, bool Clustered);

/// <summary>What the gateway's account uses of JetStream, and what it may.</summary>
public sealed record AccountInfo : AccountUsage
{
    /// <summary>The JetStream domain; absent where there is none.</summary>
    public string? Domain { get; init; }

    /// <summary>Use and limits by number of copies, such as <c>R3</c>; absent where the account's limits hold for all streams.</summary>
    public IReadOnlyDictionary<string, AccountUsage>? Tiers { get; init; }
}

/// <summary>What is used, and what may be.</summary>
public record AccountUsage
{
    /// <summary>Bytes of memory in use.</summary>
    public ulong Memory { get; init; }

    /// <summary>Bytes of storage in use.</summary>
    public ulong Storage { get; init; }

    /// <summary>Bytes of memory that streams with <c>max_bytes</c> reserve; 0 on nats-servers before 2.10.</summary>
    public ulong ReservedMemory { get; init; }

    /// <summary>Bytes of storage that streams with <c>max_bytes</c> reserve; 0 on nats-servers before 2.10.</summary>
    public ulong ReservedStorage { get; init; }

    /// <summary>Streams, with the gateways' own.</summary>
    public long Streams { get; init; }

    /// <summary>Consumers of all streams.</summary>
    public long Consumers { get; init; }

    /// <summary>The limits.</summary>
    public required AccountLimits Limits { get; init; }
}

/// <summary>Limits of an account.</summary>
public sealed record AccountLimits
{
    /// <summary>Bytes of memory at most; -1: unlimited.</summary>
    public long MaxMemory { get; init; }

    /// <summary>Bytes of storage at most; -1: unlimited.</summary>
    public long MaxStorage { get; init; }

    /// <summary>Streams at most; -1: unlimited.</summary>
    public long MaxStreams { get; init; }

    /// <summary>Consumers of all streams at most; -1: unlimited.</summary>
    public long MaxConsumers { get; init; }

    /// <summary>The largest <c>max_ack_pending</c> of a consumer; -1: any.</summary>
    public long MaxAckPending { get; init; }

    /// <summary>The largest <c>max_bytes</c> of a stream in memory; -1: any.</summary>
    public long MemoryMaxStreamBytes { get; init; }

    /// <summary>The largest <c>max_bytes</c> of a stream on disk; -1: any.</summary>
    public long StorageMaxStreamBytes { get; init; }

    /// <summary>Whether every stream must have <c>max_bytes</c>.</summary>
    public bool MaxBytesRequired { get; init; }
}
