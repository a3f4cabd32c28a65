using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Faults;

/// <summary>
/// Lets the stream's leader lag behind the consumers' leaders. They are other nodes and go on sending while it stands still for a moment.
/// One of them gives way again and again meanwhile, also to the node that stands still or has just woken up.
/// </summary>
internal sealed class LaggingStreamLeader(TestBed bed, IReadOnlyList<string> consumers, FaultLog log)
{
    private const int Bursts = 4;

    private static readonly TimeSpan SeparationLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var burst = 0; burst < Bursts; burst++)
        {
            if (await FindLeaderAsync(cancellationToken) is { } leader)
            {
                await SeparateAsync(leader, cancellationToken);
                await StandStillAsync(leader, cancellationToken);
            }

            await Task.Delay(log.Seconds(0.2, 1), cancellationToken);
        }
    }

    /// <summary>Null while the stream has no leader.</summary>
    private async Task<NatsServer?> FindLeaderAsync(CancellationToken cancellationToken)
    {
        var leader = (await bed.Observer.StreamAsync(cancellationToken))?.Leader;
        return bed.Nodes.FirstOrDefault(node => string.Equals(node.Name, leader, StringComparison.Ordinal));
    }

    /// <summary>Makes other nodes the consumers' leaders.</summary>
    private async Task SeparateAsync(NatsServer leader, CancellationToken cancellationToken)
    {
        log.Begin($"consumers leave the stream's leader {leader.Name}", FaultEffects.ChangesLeader);
        var limit = log.Clock.Now + (long)SeparationLimit.TotalMicroseconds;
        var together = await LedByAsync(leader, cancellationToken);
        while (together.Count > 0 && log.Clock.Now < limit)
        {
            foreach (var consumer in together)
            {
                await bed.Observer.StepDownAsync(consumer, inFavourOf: null, cancellationToken);
            }

            await Task.Delay(Poll, cancellationToken);
            together = await LedByAsync(leader, cancellationToken);
        }

        log.End();
        if (together.Count > 0)
        {
            log.Note("lagging stream leader", $"{leader.Name} still leads {string.Join(", ", together)}");
        }
    }

    /// <summary>
    /// Shorter than a follower waits before it asks for an election, so that the leader stays; and each burst is a fault of its own,
    /// because the checker takes a change of leader to be near the beginning or the end of one.
    /// </summary>
    private async Task StandStillAsync(NatsServer leader, CancellationToken cancellationToken)
    {
        var (consumer, still, awake) = (log.Pick(consumers), log.Seconds(0.1, 0.5), log.Seconds(0.2, 0.4));
        log.Begin($"the stream's leader {leader.Name} stands still, {consumer} changes leaders",
            FaultEffects.Delays | FaultEffects.ChangesLeader);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changing = ChangeLeadersAsync(consumer, leader, over.Token);
        leader.Pause();
        try
        {
            await Task.Delay(still, cancellationToken);
        }
        finally
        {
            leader.Resume();
        }

        await Task.Delay(awake, cancellationToken);
        await over.CancelAsync();
        await changing;
        log.End();
    }

    /// <summary>
    /// A new leader sends many messages at once, and when it has to give way before it has told the others, these do not know what was
    /// delivered. So it is asked again and again, and nobody waits for the answer: it may have to come through the node that stands still.
    /// </summary>
    private async Task ChangeLeadersAsync(string consumer, NatsServer leader, CancellationToken over)
    {
        var requests = new List<Task>();
        while (!over.IsCancellationRequested)
        {
            requests.Add(bed.Observer.StepDownAsync(consumer, requests.Count % 2 == 0 ? null : leader.Name, CancellationToken.None));
            await Task.Delay(log.Seconds(0.005, 0.06), over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(requests);
    }

    private async Task<List<string>> LedByAsync(NatsServer node, CancellationToken cancellationToken)
    {
        var standings = await Task.WhenAll(
            consumers.Select(async consumer => (Name: consumer, (await bed.Observer.ConsumerAsync(consumer, cancellationToken))?.Leader)));
        return [.. standings.Where(standing => string.Equals(standing.Leader, node.Name, StringComparison.Ordinal))
            .Select(standing => standing.Name)];
    }
}
