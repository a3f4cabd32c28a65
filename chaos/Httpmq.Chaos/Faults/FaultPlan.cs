namespace Httpmq.Chaos.Faults;

/// <summary>The order of faults: every kind once, shuffled, then again in another order.</summary>
internal sealed class FaultPlan(IReadOnlyList<FaultKind> kinds, Random random)
{
    private readonly Queue<FaultKind> _next = new();

    /// <summary>Null where nothing is to be broken.</summary>
    public FaultKind? Next()
    {
        if (kinds.Count == 0)
        {
            return null;
        }

        if (_next.Count == 0)
        {
            var round = kinds.ToArray();
            random.Shuffle(round);
            foreach (var kind in round)
            {
                _next.Enqueue(kind);
            }
        }

        return _next.Dequeue();
    }

    /// <summary>How long everything is left alone.</summary>
    public TimeSpan Rest() => TimeSpan.FromSeconds(0.5 + (random.NextDouble() * 3));
}
