namespace Httpmq.Checker;

/// <summary>When something was broken, and what that explains.</summary>
internal sealed class FaultWindows
{
    private readonly List<(long From, long To)> _delays = [];
    private readonly List<long> _leaderChanges = [];
    private readonly Dictionary<string, FaultEntry> _open = new(StringComparer.Ordinal);

    /// <summary>Until here nothing had failed.</summary>
    public long CalmUntil { get; private set; } = long.MaxValue;

    /// <summary>Whether a consumer's leader may take confirmed acknowledgements with it.</summary>
    public bool ForgetsAcks { get; set; }

    public void Add(FaultEntry fault)
    {
        CalmUntil = Math.Min(CalmUntil, fault.At);
        if (!fault.Over)
        {
            _open[fault.What] = fault;
            AddLeaderChange(fault, fault.At);
        }
        else if (_open.Remove(fault.What, out var begun))
        {
            // A node that wakes up or comes back asks for an election, too.
            AddLeaderChange(begun, fault.At);
            if (begun.Effects.HasFlag(FaultEffects.Delays))
            {
                _delays.Add((begun.At, fault.At));
            }
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

    private void AddLeaderChange(FaultEntry fault, long at)
    {
        if (fault.Effects.HasFlag(FaultEffects.ChangesLeader))
        {
            _leaderChanges.Add(at);
        }
    }
}
