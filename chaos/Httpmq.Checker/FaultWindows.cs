namespace Httpmq.Checker;

/// <summary>When something was broken, and what that explains.</summary>
internal sealed class FaultWindows
{
    private readonly List<(long From, long To)> _delays = [];
    private readonly List<long> _leaderChanges = [];
    private readonly Dictionary<string, long> _open = new(StringComparer.Ordinal);

    /// <summary>Until here nothing had failed.</summary>
    public long CalmUntil { get; private set; } = long.MaxValue;

    /// <summary>Whether a consumer's leader may take confirmed acknowledgements with it.</summary>
    public bool ForgetsAcks { get; set; }

    public void Add(FaultEntry fault)
    {
        CalmUntil = Math.Min(CalmUntil, fault.At);
        if (!fault.Over && fault.Effects.HasFlag(FaultEffects.ChangesLeader))
        {
            _leaderChanges.Add(fault.At);
        }

        if (fault.Over && _open.Remove(fault.What, out var from))
        {
            _delays.Add((from, fault.At));
        }
        else if (!fault.Over && fault.Effects.HasFlag(FaultEffects.Delays))
        {
            _open[fault.What] = fault.At;
        }
    }

    /// <summary>The latest time at which something that was under way at this moment may arrive.</summary>
    public long ArrivesUntil(long moment, TimeSpan inTransit)
    {
        var (allowance, until) = ((long)inTransit.TotalMicroseconds, moment + (long)inTransit.TotalMicroseconds);
        foreach (var (from, to) in _delays)
        {
            if (from <= until && to >= moment)
            {
                until = Math.Max(until, to + allowance);
            }
        }

        return until;
    }

    /// <summary>Whether a leader that confirmed between these moments may have fallen before anybody else knew.</summary>
    public bool MayForget(long asked, long confirmed, TimeSpan replication)
    {
        var allowance = (long)replication.TotalMicroseconds;
        return ForgetsAcks && _leaderChanges.Exists(change => asked - allowance <= change && change <= confirmed + allowance);
    }
}
