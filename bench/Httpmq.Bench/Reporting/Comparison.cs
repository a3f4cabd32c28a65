using System.Globalization;

namespace Httpmq.Bench.Reporting;

/// <summary>
/// Which rows moved against an earlier report. A figure has moved when the rounds of then and of now do not overlap and a margin lies
/// between them. Only figures that do not depend on the machine are looked at: ratios and bytes.
/// </summary>
internal static class Comparison
{
    // What three rounds of the same build differ by from run to run, where nothing else runs. Fewer rounds say less, more say more.
    private const double RatioMargin = 0.10;
    private const int RoundsOfMargin = 3;

    // Allocation is nearly exact in one run; a busier machine makes smaller batches, which allocate a few per cent more for each message.
    private const double BytesMargin = 0.05;
    private const double BytesAlways = 8;

    // A process's memory, of which there is one round.
    private const double MemoryMargin = 0.10;

    /// <summary>The lines below the table, for the rows of now that were measured. Nothing to say: none.</summary>
    public static IEnumerable<string> Describe(IReadOnlyList<CaseReport> before, IReadOnlyList<CaseReport> now)
    {
        var earlier = before.ToLookup(static row => row.Case, StringComparer.Ordinal);
        var pairs = now.Select(row => (Now: row, Before: earlier[row.Case].LastOrDefault())).ToArray();
        var compared = pairs.Where(static pair => pair.Before is not null).ToArray();
        if (compared.Length > 0)
        {
            var origins = string.Join(" and ", compared
                .Select(static pair => Origin(pair.Before!)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
            string[] moves = [.. compared.SelectMany(static pair => Moves(pair.Before!, pair.Now))];
            yield return $"{(moves.Length == 0 ? "no row moved" : "moved")} against the baseline of {origins}";
            foreach (var move in moves)
            {
                yield return move;
            }
        }

        if (compared.Length < pairs.Length)
        {
            yield return "not in the baseline: "
                + string.Join(", ", pairs.Where(static pair => pair.Before is null).Select(static pair => pair.Now.Case));
        }
    }

    /// <summary>The earlier report with the rows of now in place of those of the same case.</summary>
    public static IEnumerable<CaseReport> Merge(IReadOnlyList<CaseReport> before, IReadOnlyList<CaseReport> now) =>
        before.Concat(now).GroupBy(static row => row.Case, StringComparer.Ordinal).Select(static rows => rows.Last());

    private static string Origin(CaseReport row) =>
        string.Create(CultureInfo.InvariantCulture, $"{row.Date:yyyy-MM-dd}, nats-server {row.NatsServer}");

    private static IEnumerable<string> Moves(CaseReport before, CaseReport now)
    {
        var rounds = Math.Min(before.GatewayRounds.Count, now.GatewayRounds.Count);
        foreach (var later in Figures(now, rounds))
        {
            if (Figures(before, rounds).FirstOrDefault(one => string.Equals(one.Name, later.Name, StringComparison.Ordinal)) is { } earlier
                && (later.IsAbove(earlier) || earlier.IsAbove(later)))
            {
                var verdict = later.IsAbove(earlier) == later.MoreIsBetter ? "better" : "worse";
                yield return $"  {now.Case,-22} {later.Name,-12} {earlier.Text} -> {later.Text}  {verdict}";
            }
        }
    }

    /// <summary>The figures of a row, to be compared where both sides have at least so many rounds.</summary>
    private static IEnumerable<Figure> Figures(CaseReport row, int rounds)
    {
        var margin = RatioMargin * RoundsOfMargin / rounds;
        if (row.Ratios.Count > 0)
        {
            yield return row.ComparesLatency
                ? new Figure("ratio of p50", row.Ratio, row.Ratios, margin)
                : new Figure("ratio", row.Ratio, row.Ratios, margin) { MoreIsBetter = true };
            yield return row.FloorRatios.Count > 0
                ? new Figure("/floor", row.FloorRatio, row.FloorRatios, margin)
                : new Figure("cpu ratio", row.CpuRatio, row.CpuRatios, margin) { MoreIsBetter = true };
        }

        if (row.Gateway is { } gateway)
        {
            yield return gateway.Idle is { BytesEach: var memory }
                ? new Figure("idle B", memory, [memory], MemoryMargin) { Format = "#,0" }
                : new Figure(
                    "alloc B", gateway.AllocatedBytes, [.. row.GatewayRounds.Select(static one => one.AllocatedBytes)], BytesMargin)
                {
                    Always = BytesAlways,
                    Format = "#,0",
                };
        }
    }

    /// <summary>One figure of a row.</summary>
    /// <param name="Name">What it is called in the table.</param>
    /// <param name="Value">What the table shows.</param>
    /// <param name="Rounds">What each round gave.</param>
    /// <param name="Margin">The part of it that is noise.</param>
    private sealed record Figure(string Name, double? Value, IReadOnlyList<double> Rounds, double Margin)
    {
        public bool MoreIsBetter { get; init; }

        /// <summary>What is noise besides, however small the figure is.</summary>
        public double Always { get; init; }

        public string Format { get; init; } = "0.00";

        /// <summary>The value, and the range of the rounds.</summary>
        public string Text => $"{In(Value)} ({In(Rounds.Min())} to {In(Rounds.Max())})";

        public bool IsAbove(Figure other) => Rounds.Min() > (other.Rounds.Max() * (1 + Margin)) + Always;

        private string? In(double? value) => value?.ToString(Format, CultureInfo.InvariantCulture);
    }
}
