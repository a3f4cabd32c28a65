using Httpmq.Checker;

namespace Httpmq.Chaos;

/// <summary>The verdict for people.</summary>
internal static class Report
{
    public static void Print(Verdict verdict, TextWriter output)
    {
        foreach (var (name, value) in verdict.Figures)
        {
            output.WriteLine($"  {name,-36} {value,10}");
        }

        foreach (var (breach, count, examples) in verdict.Violations)
        {
            output.WriteLine($"VIOLATED {breach}: {count}");
            foreach (var example in examples)
            {
                output.WriteLine($"    {example.Evidence}");
            }
        }

        output.WriteLine(
            verdict.Holds ? "VERDICT: everything holds" : $"VERDICT: {verdict.Violations.Sum(found => found.Count)} violations");
    }
}
