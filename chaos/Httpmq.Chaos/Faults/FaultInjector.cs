using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Faults;

/// <summary>Breaks one thing and mends it again. Which one, and for how long, comes from the seed.</summary>
internal sealed class FaultInjector(TestBed bed, IReadOnlyList<string> consumers, RunClock clock, JournalWriter journal, Random random)
{
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    /// <summary>What is broken at the moment, for the progress line.</summary>
    public string Current { get; private set; } = "none yet";

    public async Task InjectAsync(FaultKind kind, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case FaultKind.KillLeader:
                await KillNodeAsync("stream leader", (await bed.Observer.StreamAsync(cancellationToken))?.Leader, leads: true, cancellationToken);
                break;
            case FaultKind.KillFollower:
                await KillNodeAsync("follower", (await bed.Observer.StreamAsync(cancellationToken))?.Leader, leads: false, cancellationToken);
                break;
            case FaultKind.KillConsumerLeader:
                var consumer = Pick(consumers);
                await KillNodeAsync($"leader of {consumer}", (await bed.Observer.ConsumerAsync(consumer, cancellationToken))?.Leader, leads: true, cancellationToken);
                break;
            case FaultKind.PauseNode:
                await PauseAsync(Pick(bed.Nodes), Seconds(2, 12), cancellationToken);
                break;
            case FaultKind.RollNodes:
                foreach (var node in bed.Nodes)
                {
                    await RollAsync(node, cancellationToken);
                }

                break;
            default:
                await InjectAsync(kind, Pick(bed.Dataplanes), cancellationToken);
                break;
        }

        // What comes next must find a cluster that could survive it.
        await WaitUntilCurrentAsync(cancellationToken);
    }

    /// <summary>Waits until every copy of the stream is complete; false when that takes too long.</summary>
    public async Task<bool> WaitUntilCurrentAsync(CancellationToken cancellationToken)
    {
        var limit = clock.Now + (long)RecoveryLimit.TotalMicroseconds;
        while (await bed.Observer.StreamAsync(cancellationToken) is not { AllCurrent: true, Leader: not null })
        {
            if (clock.Now > limit)
            {
                journal.Write(new NoteEntry(clock.Now, "cluster", $"not complete again within {RecoveryLimit.TotalSeconds} s"));
                return false;
            }

            await Task.Delay(Poll, cancellationToken);
        }

        return true;
    }

    private async Task InjectAsync(FaultKind kind, DataplaneSite site, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case FaultKind.KillGateway:
                Begin($"kill -9 {site.Process.Name}");
                await site.Process.KillAsync();
                await RestartAsync(site.Process, cancellationToken);
                break;
            case FaultKind.CutNats:
                Begin($"cut the wires between {site.Process.Name} and NATS");
                Each(site.NatsWires, wire => wire.Cut());
                break;
            case FaultKind.CutClients:
                Begin($"cut the wire between clients and {site.Process.Name}");
                site.ClientWire.Cut();
                break;
            case FaultKind.StallNats:
                Begin($"stall the wires between {site.Process.Name} and NATS", FaultEffects.Delays);
                Each(site.NatsWires, wire => wire.Hold());
                await Task.Delay(Seconds(2, 14), cancellationToken);
                Each(site.NatsWires, wire => wire.Release());
                break;
            case FaultKind.StallClients:
                Begin($"stall the wire between clients and {site.Process.Name}", FaultEffects.Delays);
                site.ClientWire.Hold();
                await Task.Delay(Seconds(1, 8), cancellationToken);
                site.ClientWire.Release();
                break;
            case FaultKind.PauseGateway:
                await PauseAsync(site.Process, Seconds(1, 8), cancellationToken);
                return;
            case FaultKind.RollGateways:
                foreach (var each in bed.Dataplanes)
                {
                    await RollAsync(each.Process, cancellationToken);
                }

                return;
        }

        End();
    }

    private async Task KillNodeAsync(string role, string? leader, bool leads, CancellationToken cancellationToken)
    {
        var node = Pick([.. bed.Nodes.Where(node => leader is null || string.Equals(node.Name, leader, StringComparison.Ordinal) == leads)]);
        Begin($"kill -9 {node.Name} ({role})", FaultEffects.ChangesLeader);
        await node.KillAsync();
        await RestartAsync(node, cancellationToken);
        End();
    }

    private async Task PauseAsync(ServerProcess process, TimeSpan length, CancellationToken cancellationToken)
    {
        Begin($"SIGSTOP {process.Name} for {length.TotalSeconds:0.0} s", process is NatsNode ? FaultEffects.Delays | FaultEffects.ChangesLeader : FaultEffects.Delays);
        process.Pause();
        try
        {
            await Task.Delay(length, cancellationToken);
        }
        finally
        {
            process.Resume();
        }

        End();
    }

    private async Task RollAsync(ServerProcess process, CancellationToken cancellationToken)
    {
        Begin($"SIGTERM {process.Name}", process is NatsNode ? FaultEffects.ChangesLeader : FaultEffects.None);
        await process.StopAsync();
        await RestartAsync(process, cancellationToken);
        await WaitUntilCurrentAsync(cancellationToken);
        End();
    }

    private async Task RestartAsync(ServerProcess process, CancellationToken cancellationToken)
    {
        await Task.Delay(Seconds(0.1, 4), cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RecoveryLimit);
        process.Start();
        await process.WaitUntilServingAsync(limit.Token);
    }

    private void Begin(string what, FaultEffects effects = FaultEffects.None)
    {
        Current = what;
        journal.Write(new FaultEntry(clock.Now, what, effects));
    }

    private void End()
    {
        journal.Write(new FaultEntry(clock.Now, Current, FaultEffects.None, Over: true));
        Current = $"mended ({Current})";
    }

    private TimeSpan Seconds(double least, double most) => TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least)));

    private T Pick<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    private static void Each(IEnumerable<TcpProxy> wires, Action<TcpProxy> action)
    {
        foreach (var wire in wires)
        {
            action(wire);
        }
    }
}
