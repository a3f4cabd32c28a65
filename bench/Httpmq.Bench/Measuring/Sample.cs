using System.Text.Json.Serialization;

namespace Httpmq.Bench.Measuring;

/// <summary>Which way the messages went.</summary>
internal enum Side
{
    /// <summary>Through Httpmq.</summary>
    Gateway,

    /// <summary>Straight to nats-server with its own protocol.</summary>
    Raw,

    /// <summary>Requests of the same shape to a bare Kestrel, which does nothing with them.</summary>
    Floor,
}

/// <summary>What one measurement counted itself.</summary>
internal sealed record Counted(long Messages, LatencyHistogram? Latency = null);

/// <summary>
/// One measurement. <paramref name="CompilingMicros"/> is the part of the gateway's CPU time that its just-in-time compiler took.
/// Costs are per message; the gateway's are zero or nearly so on the raw side.
/// </summary>
internal sealed record Sample(
    long Messages,
    double Rate,
    LatencySummary? Latency,
    double GatewayCpuMicros,
    double NatsCpuMicros,
    double LoadCpuMicros,
    double AllocatedBytes,
    double CompilingMicros,
    IdleCost? Idle = null)
{
    /// <summary>Bytes that the server allocated of each type; null: nobody looked.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, long>? Types { get; init; }

    /// <summary>Of a case that measures starts and nothing else.</summary>
    public StartCost? Start { get; init; }

    /// <summary>Whether it is about messages, with a rate and costs for each.</summary>
    [JsonIgnore]
    public bool HasRate => Idle is null && Start is null;

    /// <summary>What a message costs all three processes together.</summary>
    public double TotalCpuMicros => GatewayCpuMicros + NatsCpuMicros + LoadCpuMicros;
}

/// <summary>What waiting costs the gateway: memory for each subscription, and the part of one core that all of them take.</summary>
internal sealed record IdleCost(double BytesEach, double CorePart);

/// <summary>
/// Mode "all": the time until it is ready, what the first publishes cost as a multiple of later ones, and what is resident when
/// it is idle.
/// </summary>
internal sealed record StartCost(TimeSpan Ready, double FirstPublishes, double IdleBytes);
