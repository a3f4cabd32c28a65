using Httpmq.Chaos.Load;
using Httpmq.Chaos.Races;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Faults;

/// <summary>What happens to dataplanes and the wires around them.</summary>
internal sealed class GatewayFaults(TestBed bed, LoadContext load, FaultLog log) : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(45);

    private readonly SilenceProbe _probe = new(bed, load, log);

    public async Task InjectAsync(FaultKind kind, CancellationToken cancellationToken)
    {
        var site = log.Pick(bed.Dataplanes);
        switch (kind)
        {
            case FaultKind.KillGateway:
                log.Begin($"kill -9 {site.Name}");
                await site.Process.KillAsync();
                await RestartAsync(site.Process, cancellationToken);
                log.End();
                break;
            case FaultKind.CutNats:
                log.Begin($"cut the wires between {site.Name} and NATS");
                Each(site.NatsWires, wire => wire.Cut());
                log.End();
                break;
            case FaultKind.BreakNats:
                await WhileAsync(
                    $"break the wires between {site.Name} and NATS", FaultEffects.None, log.Seconds(0.5, 8),
                    () => Each(site.NatsWires, wire => wire.Break()), () => Each(site.NatsWires, wire => wire.Heal()), cancellationToken);
                break;
            case FaultKind.CutClients:
                log.Begin($"cut the wire between clients and {site.Name}");
                site.ClientWire.Cut();
                log.End();
                break;
            case FaultKind.StallNats:
                await WhileAsync(
                    $"stall the wires between {site.Name} and NATS", FaultEffects.Delays, log.Seconds(2, 14),
                    () => Each(site.NatsWires, wire => wire.Hold()), () => Each(site.NatsWires, wire => wire.Release()), cancellationToken);
                break;
            case FaultKind.StallClients:
                await WhileAsync(
                    $"stall the wire between clients and {site.Name}", FaultEffects.Delays | FaultEffects.HoldsClients, log.Seconds(1, 8),
                    site.ClientWire.Hold, site.ClientWire.Release, cancellationToken);
                break;
            case FaultKind.PauseGateway:
                await WhileAsync(
                    $"SIGSTOP {site.Name}", FaultEffects.Delays | FaultEffects.HoldsClients, log.Seconds(1, 8),
                    site.Process.Pause, site.Process.Resume, cancellationToken);
                break;
            case FaultKind.SilenceJetstream:
                await SilenceAsync(cancellationToken);
                break;
            case FaultKind.RollGateways:
                foreach (var each in bed.Dataplanes)
                {
                    log.Begin($"SIGTERM {each.Name}");
                    await each.Process.StopAsync();
                    await RestartAsync(each.Process, cancellationToken);
                    log.End();
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "nothing that happens to a gateway");
        }
    }

    public void Dispose() => _probe.Dispose();

    /// <summary>Silences JetStream for all gateways, and asks them everything meanwhile.</summary>
    private async Task SilenceAsync(CancellationToken cancellationToken)
    {
        var wires = bed.Gateways.SelectMany(gateway => gateway.NatsWires).ToList();
        log.Begin("JetStream is silent");
        Each(wires, wire => wire.Mute());
        try
        {
            await _probe.AskAsync(cancellationToken);
            await Task.Delay(log.Seconds(0.5, 4), cancellationToken);
        }
        finally
        {
            Each(wires, wire => wire.Unmute());
        }

        log.End();
    }

    private async Task WhileAsync(
        string what, FaultEffects effects, TimeSpan length, Action begin, Action end, CancellationToken cancellationToken)
    {
        log.Begin(what, effects);
        begin();
        try
        {
            await Task.Delay(length, cancellationToken);
        }
        finally
        {
            end();
        }

        log.End();
    }

    private async Task RestartAsync(GatewayProcess process, CancellationToken cancellationToken)
    {
        await Task.Delay(log.Seconds(0.1, 4), cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        process.Start();
        await process.WaitUntilServingAsync(limit.Token);
    }

    private static void Each(IEnumerable<TcpProxy> wires, Action<TcpProxy> action)
    {
        foreach (var wire in wires)
        {
            action(wire);
        }
    }
}
