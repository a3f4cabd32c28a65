namespace Httpmq.Checker;

/// <summary>When something was broken, and what that explains.</summary>
internal sealed class FaultWindows
{
    private readonly List<FaultWindow> _windows = [];
    private readonly Dictionary<string, FaultEntry> _open = new(StringComparer.Ordinal);

    /// <summary>Until here nothing had failed.</summary>
    public long CalmUntil { get; private set; } = long.MaxValue;

    public void Add(FaultEntry fault)
    {
        CalmUntil = Math.Min(CalmUntil, fault.At);
        if (!fault.Over)
        {
            _open[fault.What] = fault;
        }
        else if (_open.Remove(fault.What, out var begun))
        {
            _windows.Add(new FaultWindow(begun.At, fault.At, begun.What, begun.Effects));
        }
    }

    /// <summary>Faults with this effect; one that was never mended lasts for ever.</summary>
    public IEnumerable<FaultWindow> With(FaultEffects effect) =>
        _windows.Concat(_open.Values.Select(begun => new FaultWindow(begun.At, long.MaxValue, begun.What, begun.Effects)))
            .Where(window => window.Effects.HasFlag(effect));

    /// <summary>The latest time at which something that was under way at this moment may arrive.</summary>
    public long ArrivesUntil(long moment, TimeSpan inTransit)
    {
        var (allowance, until) = ((long)inTransit.TotalMicroseconds, moment + (long)inTransit.TotalMicroseconds);
        foreach (var window in With(FaultEffects.Delays))
        {
            if (window.From <= until && window.To >= moment)
            {
                until = Math.Max(until, window.To > long.MaxValue - allowance ? window.To : window.To + allowance);
            }
        }

        return until;
    }

    /// <summary>
    /// When a leader may have changed: as a fault begins, and as it ends, because a node that wakes up or comes back asks for an
    /// election. One that is ended in order gives its leaderships away at some moment of its own, and one that is cut off keeps them beside
    /// those of its successor: there all of it counts.
    /// </summary>
    public IEnumerable<FaultWindow> LeaderChanges() => With(FaultEffects.ChangesLeader).SelectMany(window =>
        (window.Effects & (FaultEffects.StopsServer | FaultEffects.SplitsCluster)) != FaultEffects.None
            ? [window]
            : new[] { window with { To = window.From }, window with { From = window.To } });

    /// <summary>Whether everything has been whole for so long. What harms nobody does not count.</summary>
    public bool IsQuiet(long moment, TimeSpan since) =>
        !With(FaultEffects.None).Any(window => !window.Effects.HasFlag(FaultEffects.HarmsNobody)
            && window.From <= moment && moment - (long)since.TotalMicroseconds <= window.To);
}

/// <summary>One fault from its beginning to its end.</summary>
internal sealed record FaultWindow(long From, long To, string What, FaultEffects Effects)
{
    public bool Overlaps(long from, long to) => From <= to && To >= from;
}
