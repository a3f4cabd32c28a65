using Httpmq.Chaos.Faults;

namespace Httpmq.Chaos;

/// <summary>What to run, and for how long.</summary>
internal sealed record ChaosOptions
{
    /// <summary>Decides which faults come, in which order, for how long, and what clients do. The servers' own timing it cannot.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How long publishers publish; the calm beginning is part of it, healing and draining come on top.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The beginning, in which nothing is broken and the order is checked.</summary>
    public TimeSpan Calm { get; init; } = TimeSpan.FromSeconds(8);

    public IReadOnlyList<FaultKind> Faults { get; init; } = FaultKinds.All;

    /// <summary>The nats-servers of the three nodes: one for all, or one each, so that the cluster is of mixed versions.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [NatsProgram.Chosen];

    /// <summary>The nats-servers to which all nodes are upgraded under load, node by node, one after the other; none: no upgrade.</summary>
    public IReadOnlyList<string> Upgrades { get; init; } = [];

    /// <summary>Copies of the stream and its consumers: 1 or 3.</summary>
    public int Copies { get; init; } = 3;

    /// <summary>Publishes in flight from each of the publishers.</summary>
    public int Inflight { get; init; } = 8;

    /// <summary>
    /// Whether subscribers settle by every verb and by both routes; otherwise they acknowledge, by the route of v1. Apart, because what
    /// nats-server 2.9 makes of naks and terms in a cluster that loses its leader is not known well enough: docs/testing-reliability.md.
    /// </summary>
    public bool Verbs { get; init; }

    /// <summary>How long consumers may take to drain after everything is whole again.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Httpmq.Api.dll.</summary>
    public required string GatewayProgram { get; init; }

    /// <summary>Where journal and logs go; null: a temporary folder, which is removed when everything held.</summary>
    public string? Folder { get; init; }
}
