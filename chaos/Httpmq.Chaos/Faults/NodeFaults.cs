using Httpmq.Chaos.Load;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Faults;

/// <summary>What happens to nats-servers.</summary>
internal sealed class NodeFaults(TestBed bed, LoadContext load, IReadOnlyList<string> consumers, FaultLog log)
{
    private const int StepsDown = 6;
    private const FaultEffects Stop = FaultEffects.ChangesLeader | FaultEffects.StopsServer;

    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan BacklogTime = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    public async Task InjectAsync(FaultKind kind, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case FaultKind.KillLeader:
                await KillAsync(
                    "stream leader", (await bed.Observer.StreamAsync(cancellationToken))?.Leader, leads: true, cancellationToken);
                break;
            case FaultKind.KillFollower:
                await KillAsync("follower", (await bed.Observer.StreamAsync(cancellationToken))?.Leader, leads: false, cancellationToken);
                break;
            case FaultKind.KillConsumerLeader:
                var consumer = log.Pick(consumers);
                await KillAsync($"leader of {consumer}", (await bed.Observer.ConsumerAsync(consumer, cancellationToken))?.Leader,
                    leads: true, cancellationToken);
                break;
            case FaultKind.PauseNode:
                await PauseAsync(log.Pick(bed.Nodes), cancellationToken);
                break;
            case FaultKind.IsolateConsumerLeader:
                await IsolateAsync(log.Pick(consumers), cancellationToken);
                break;
            case FaultKind.StepDown:
                await StepDownAsync(cancellationToken);
                break;
            case FaultKind.LameDuck:
                await RollAsync(log.Pick(bed.Nodes), lameDuck: true, "", cancellationToken);
                break;
            default:
                foreach (var node in bed.Nodes)
                {
                    await RollAsync(node, lameDuck: false, "", cancellationToken);
                }

                break;
        }
    }

    /// <summary>
    /// As operators do it: each node is stopped by SIGTERM or as a lame duck, started again with another nats-server on the same
    /// store, and the next one waits until all copies are complete.
    /// </summary>
    public async Task UpgradeAsync(string program, CancellationToken cancellationToken)
    {
        foreach (var node in bed.Nodes)
        {
            await RollAsync(node, lameDuck: log.Random.Next(2) == 0, $", then {program}", cancellationToken, program);
        }
    }

    /// <summary>Waits until every copy of the stream and of the consumers is complete; false when that takes too long.</summary>
    public async Task<bool> WaitUntilCurrentAsync(CancellationToken cancellationToken)
    {
        var limit = log.Clock.Now + (long)RecoveryLimit.TotalMicroseconds;
        while (!await bed.Observer.IsCompleteAsync(consumers, cancellationToken))
        {
            if (log.Clock.Now > limit)
            {
                log.Note("cluster", $"not complete again within {RecoveryLimit.TotalSeconds} s");
                return false;
            }

            await Task.Delay(Poll, cancellationToken);
        }

        return true;
    }

    private async Task KillAsync(string role, string? leader, bool leads, CancellationToken cancellationToken)
    {
        var node = log.Pick(
            [.. bed.Nodes.Where(node => leader is null || string.Equals(node.Name, leader, StringComparison.Ordinal) == leads)]);
        log.Begin($"kill -9 {node.Name} ({role})", FaultEffects.ChangesLeader | (leads ? FaultEffects.KillsCopy : FaultEffects.None));
        await node.KillAsync();
        await RestartAsync(node, cancellationToken);
        log.End();
    }

    private async Task PauseAsync(NatsServer node, CancellationToken cancellationToken)
    {
        var length = log.Seconds(2, 12);
        log.Begin($"SIGSTOP {node.Name} for {length.TotalSeconds:0.0} s", FaultEffects.Delays | FaultEffects.ChangesLeader);
        node.Pause();
        try
        {
            await Task.Delay(length, cancellationToken);
        }
        finally
        {
            node.Resume();
        }

        log.End();
    }

    /// <summary>
    /// Longer than the others wait before they elect another leader. Until it notices, the one that is cut off sends what it has:
    /// deliveries that its successor has never heard of. So that it has much, acknowledgements are withheld before. One dataplane is on its
    /// side, the other is not.
    /// </summary>
    private async Task IsolateAsync(string consumer, CancellationToken cancellationToken)
    {
        var leader = (await bed.Observer.ConsumerAsync(consumer, cancellationToken))?.Leader;
        var node = log.Pick([.. bed.Nodes.Where(node => leader is null || string.Equals(node.Name, leader, StringComparison.Ordinal))]);
        var near = log.Pick(bed.Dataplanes);
        List<TcpProxy> wires =
        [
            .. bed.WiresOf(node),
            .. bed.Dataplanes.SelectMany(site => site.NatsWires.Where((_, index) => (bed.Nodes[index] == node) != (site == near))),
        ];
        load.HoldAcks();
        try
        {
            await Task.Delay(BacklogTime, cancellationToken);
            log.Begin($"{node.Name}, leader of {consumer}, and {near.Name} are cut off from the others",
                FaultEffects.Delays | FaultEffects.ChangesLeader | FaultEffects.SplitsCluster);
            wires.ForEach(wire => wire.Break());
            load.ReleaseAcks();
            await Task.Delay(log.Seconds(9, 13), cancellationToken);
        }
        finally
        {
            load.ReleaseAcks();
            wires.ForEach(wire => wire.Heal());
        }

        // Nodes take a while to find each other again, and only then does the one that was cut off learn that it leads no more.
        await WaitUntilCurrentAsync(cancellationToken);
        log.End();
    }

    private async Task StepDownAsync(CancellationToken cancellationToken)
    {
        for (var step = 0; step < StepsDown; step++)
        {
            var consumer = log.Random.Next(2) == 0 ? null : log.Pick(consumers);
            log.Begin($"the leader of {consumer ?? "the stream"} steps down", FaultEffects.ChangesLeader);
            await bed.Observer.StepDownAsync(consumer, inFavourOf: null, cancellationToken);
            log.End();
            await Task.Delay(log.Seconds(0.2, 1), cancellationToken);
        }
    }

    private async Task RollAsync(NatsServer node, bool lameDuck, string then, CancellationToken cancellationToken, string? program = null)
    {
        log.Begin($"{(lameDuck ? "lame duck" : "SIGTERM")} {node.Name}{then}", Stop);
        await (lameDuck ? node.RetireAsync() : node.StopAsync());
        node.Program = program ?? node.Program;
        await RestartAsync(node, cancellationToken);
        await WaitUntilCurrentAsync(cancellationToken);
        log.End();
    }

    private async Task RestartAsync(NatsServer node, CancellationToken cancellationToken)
    {
        await Task.Delay(log.Seconds(0.1, 4), cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RecoveryLimit);
        node.Start();
        await node.WaitUntilServingAsync(limit.Token);
    }
}
