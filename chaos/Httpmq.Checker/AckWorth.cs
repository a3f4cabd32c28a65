namespace Httpmq.Checker;

/// <summary>
/// Why an acknowledgement may be forgotten though it was confirmed: something that nats-server does, and the gateway cannot see.
/// </summary>
internal enum Excuse
{
    /// <summary>The leader of a replicated consumer fell before its followers knew: before 2.10.16. Killed, also before 2.11.</summary>
    FellWithLeader,

    /// <summary>The only copy was killed before it wrote: every version, for about 100 ms.</summary>
    FellWithOnlyCopy,

    /// <summary>A server that was ended in order lost the consumer's state: before 2.11.</summary>
    EmptiedByStop,
}

/// <summary>What acknowledgements of one consumer are worth, given what was broken and on which servers.</summary>
internal sealed class AckWorth(FaultWindows faults, ServerHistory servers, CheckOptions options)
{
    /// <summary>Where a consumer that begins anew is seen to do so. One that fell back a little does not get there.</summary>
    private const ulong Beginning = 100;

    /// <summary>A kill is written down just before it happens.</summary>
    private static readonly TimeSpan Hand = TimeSpan.FromMilliseconds(100);

    private readonly List<(long At, ulong HighestBefore)> _emptyings = [];

    /// <summary>
    /// Looks for the moments at which the consumer began anew: it counts its deliveries, so one of the first numbers that comes again,
    /// after an orderly stop, shows that the count fell back to nothing. Without that sign nothing is excused by a stop.
    /// </summary>
    public void Learn(IReadOnlyList<DeliveryEntry> deliveries)
    {
        var transit = (long)options.InTransit.TotalMicroseconds;
        foreach (var stop in faults.With(FaultEffects.StopsServer)
            .Where(window => servers.LosesConsumersWhenStopped(window.From, window.From)))
        {
            var before = deliveries.Where(delivery => delivery.At <= stop.From)
                .ToLookup(delivery => delivery.ConsumerSequence, delivery => delivery.At);
            if (deliveries.Any(delivery => delivery.ConsumerSequence <= Beginning && delivery.At > stop.From
                && before[delivery.ConsumerSequence].Any(earlier => delivery.At - earlier > transit)))
            {
                _emptyings.Add((stop.From, before.Max(group => group.Key)));
            }
        }
    }

    /// <summary>Why this message may come again after its confirmed acknowledgement; null: it must not.</summary>
    public Excuse? ForDelivery(DeliveryEntry delivery, AckEntry ack)
    {
        if (Fell(ack, faults.LeaderChanges(), options.AckReplication, options.AckReplication) && ConfirmedUnreplicated(ack))
        {
            return Excuse.FellWithLeader;
        }

        if (servers.Copies != 1 && servers.ForgetsWhenLeaderIsKilled(ack.At, ack.Until) && Fell(ack, Kills(), Hand, options.AckWritten))
        {
            return Excuse.FellWithLeader;
        }

        if (servers.Copies == 1 && Fell(ack, Kills(), Hand, options.AckWritten))
        {
            return Excuse.FellWithOnlyCopy;
        }

        return _emptyings.Exists(stop => ack.At <= stop.At && stop.At <= delivery.At && delivery.ConsumerSequence <= stop.HighestBefore)
            ? Excuse.EmptiedByStop
            : null;
    }

    /// <summary>Why a server may say that it never sent what was delivered at this time; null: the refusal is false.</summary>
    public Excuse? ForRefusal(AckEntry ack, long delivered)
    {
        var (written, transit) = ((long)options.AckWritten.TotalMicroseconds, (long)options.InTransit.TotalMicroseconds);
        if (servers.Copies == 1 && Kills().Any(kill => kill.Overlaps(delivered - transit, Math.Min(delivered + written, ack.Until))))
        {
            return Excuse.FellWithOnlyCopy;
        }

        return _emptyings.Exists(
            stop => delivered - transit <= stop.At && stop.At <= ack.Until && ack.ConsumerSequence <= stop.HighestBefore)
            ? Excuse.EmptiedByStop
            : null;
    }

    private bool ConfirmedUnreplicated(AckEntry ack) =>
        servers.Copies != 1 && servers.ConfirmsBeforeReplication(ack.At, ack.Until + (long)options.AckReplication.TotalMicroseconds);

    private IEnumerable<FaultWindow> Kills() => faults.With(FaultEffects.KillsCopy).Select(window => window with { To = window.From });

    private static bool Fell(AckEntry ack, IEnumerable<FaultWindow> moments, TimeSpan before, TimeSpan after)
    {
        var (from, to) = (ack.At - (long)before.TotalMicroseconds, ack.Until + (long)after.TotalMicroseconds);
        return moments.Any(moment => moment.Overlaps(from, to));
    }
}
