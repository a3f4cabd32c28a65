using System.Globalization;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Reporting;

/// <summary>Prints which types a server allocated, in bytes per message, from the runtime's samples: small figures are rough.</summary>
internal static class AllocationTable
{
    private const double Least = 0.01;

    public static void Print(IReadOnlyList<CaseResult> results, TextWriter output)
    {
        foreach (var result in results)
        {
            Print(result.Case.Name, result.GatewayRounds, output);
            Print($"{result.Case.Name}, floor", result.FloorRounds, output);
        }
    }

    private static void Print(string name, IReadOnlyList<Sample> rounds, TextWriter output)
    {
        var samples = rounds.Where(static round => round.Types is { Count: > 0 }).ToArray();
        if (samples.Length == 0)
        {
            return;
        }

        var sampled = (double)samples.Sum(static round => round.Types!.Values.Sum());
        var allocated = samples.Average(static round => round.AllocatedBytes);
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {allocated:#,0} bytes per message, of them"));
        foreach (var (type, part) in samples
            .SelectMany(static round => round.Types!)
            .GroupBy(static one => one.Key, StringComparer.Ordinal)
            .Select(type => (Type: type.Key, Part: type.Sum(static one => one.Value) / sampled))
            .Where(static one => one.Part > Least)
            .OrderByDescending(static one => one.Part))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{part * allocated,8:#,0}  {type}"));
        }
    }
}
