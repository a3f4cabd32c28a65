using Httpmq.Chaos.Load;
using Httpmq.Chaos.Races;
using Httpmq.Chaos.Servers;

namespace Httpmq.Chaos.Faults;

/// <summary>Breaks one thing and mends it again, or lets clients do what they should be able to do.</summary>
internal sealed class FaultInjector(TestBed bed, LoadContext load, IReadOnlyList<string> consumers, FaultLog log) : IDisposable
{
    private readonly NodeFaults _nodes = new(bed, load, consumers, log);
    private readonly GatewayFaults _gateways = new(bed, load, log);
    private readonly LaggingStreamLeader _lagging = new(bed, consumers, log);
    private readonly StuckBatchFault _stuck = new(bed, log);
    private readonly SubscriberRace _subscribers = new(bed, log);
    private readonly DefinitionRace _definitions = new(bed, log);

    /// <inheritdoc cref="FaultLog.Current"/>
    public string Current => log.Current;

    public async Task InjectAsync(FaultKind kind, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case FaultKind.LaggingStreamLeader:
                await _lagging.RunAsync(cancellationToken);
                break;
            case FaultKind.StuckBatches:
                await _stuck.RunAsync(cancellationToken);
                break;
            case FaultKind.RaceSubscribers:
                await _subscribers.RunAsync(cancellationToken);
                break;
            case FaultKind.RaceDefinitions:
                await _definitions.RunAsync(cancellationToken);
                break;
            case FaultKind.KillLeader or FaultKind.KillFollower or FaultKind.KillConsumerLeader or FaultKind.PauseNode
                or FaultKind.IsolateConsumerLeader or FaultKind.StepDown or FaultKind.RollNodes or FaultKind.LameDuck:
                await _nodes.InjectAsync(kind, cancellationToken);
                break;
            default:
                await _gateways.InjectAsync(kind, cancellationToken);
                break;
        }

        // What comes next must find a cluster that could survive it.
        await WaitUntilCurrentAsync(cancellationToken);
    }

    /// <inheritdoc cref="NodeFaults.UpgradeAsync"/>
    public Task UpgradeAsync(string program, CancellationToken cancellationToken) => _nodes.UpgradeAsync(program, cancellationToken);

    /// <inheritdoc cref="NodeFaults.WaitUntilCurrentAsync"/>
    public Task<bool> WaitUntilCurrentAsync(CancellationToken cancellationToken) => _nodes.WaitUntilCurrentAsync(cancellationToken);

    public void Dispose()
    {
        _gateways.Dispose();
        _subscribers.Dispose();
        _definitions.Dispose();
    }
}
