namespace Httpmq.Chaos.Faults;

/// <summary>What can be broken, and what clients can do at a bad moment.</summary>
internal enum FaultKind
{
    /// <summary>kill -9 of the node that leads the stream.</summary>
    KillLeader,

    /// <summary>kill -9 of a node that only follows.</summary>
    KillFollower,

    /// <summary>kill -9 of the node that leads one of the consumers.</summary>
    KillConsumerLeader,

    /// <summary>kill -9 of a dataplane.</summary>
    KillGateway,

    /// <summary>All connections between one dataplane and NATS are reset.</summary>
    CutNats,

    /// <summary>The same, and new ones are refused for a while.</summary>
    BreakNats,

    /// <summary>All connections between clients and one dataplane are reset.</summary>
    CutClients,

    /// <summary>The connections between one dataplane and NATS pass nothing for a while, then everything.</summary>
    StallNats,

    /// <summary>The connections between clients and one dataplane pass nothing for a while, then everything.</summary>
    StallClients,

    /// <summary>What all gateways publish to NATS vanishes for a while, so that JetStream is silent; PING is answered.</summary>
    SilenceJetstream,

    /// <summary>SIGSTOP of a node, SIGCONT after a while.</summary>
    PauseNode,

    /// <summary>SIGSTOP of a dataplane, SIGCONT after a while.</summary>
    PauseGateway,

    /// <summary>Leaders of the stream and of the consumers step down, one after the other, while everything runs.</summary>
    StepDown,

    /// <summary>
    /// The node that leads the stream stands still for moments, while other nodes lead the consumers and their leaders change.
    /// </summary>
    LaggingStreamLeader,

    /// <summary>The node that leads one of the consumers is cut off from the other nodes, and still reaches clients.</summary>
    IsolateConsumerLeader,

    /// <summary>SIGTERM and a new start of each node, one by one.</summary>
    RollNodes,

    /// <summary>Lame duck (SIGUSR2) of a node, and a new start.</summary>
    LameDuck,

    /// <summary>SIGTERM and a new start of each dataplane, one by one.</summary>
    RollGateways,

    /// <summary>One client sends batches whose outcomes it does not read.</summary>
    StuckBatches,

    /// <summary>Two ask at the same moment, through both dataplanes, for a consumer that one may hold.</summary>
    RaceSubscribers,

    /// <summary>Two change a stream, or define a consumer, at the same moment.</summary>
    RaceDefinitions,
}

internal static class FaultKinds
{
    public static IReadOnlyList<FaultKind> All { get; } = Enum.GetValues<FaultKind>();

    /// <summary>kill-leader for <see cref="FaultKind.KillLeader"/>.</summary>
    public static string NameOf(FaultKind kind) =>
        string.Concat($"{kind}".Select((letter, index) => char.IsUpper(letter) && index > 0
            ? $"-{char.ToLowerInvariant(letter)}"
            : $"{char.ToLowerInvariant(letter)}"));

    /// <summary>The kinds named in a list separated by commas; an empty one or "all" names all of them, "none" none.</summary>
    public static bool TryParse(string text, out IReadOnlyList<FaultKind> kinds, out string? unknown)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        unknown = names.FirstOrDefault(
            name => name is not ("all" or "none") && !All.Any(kind => string.Equals(NameOf(kind), name, StringComparison.Ordinal)));
        kinds = names.Length == 0 || names.Contains("all", StringComparer.Ordinal)
            ? All
            : [.. All.Where(kind => names.Contains(NameOf(kind), StringComparer.Ordinal))];
        return unknown is null;
    }
}
