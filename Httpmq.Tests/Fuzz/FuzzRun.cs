using System.Globalization;

namespace Httpmq.Tests.Fuzz;

/// <summary>How much is tried, and from which seed: HTTPMQ_FUZZ_CASES cases per test, HTTPMQ_FUZZ_SEED to begin with.</summary>
internal static class FuzzRun
{
    private static readonly int? ChosenCases = Read("HTTPMQ_FUZZ_CASES");
    private static readonly int? ChosenSeed = Read("HTTPMQ_FUZZ_SEED");

    /// <summary>The same in every run unless another is chosen, so that a suite which was green stays green.</summary>
    public static int Seed => ChosenSeed ?? 1;

    public static int Cases(int byDefault) => ChosenCases ?? byDefault;

    private static int? Read(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>A property whose number of cases and seed come from the environment. FsCheck prints the seed of a failure.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class PropertyAttribute : FsCheck.NUnit.PropertyAttribute
    {
        /// <param name="cases">How many.</param>
        /// <param name="seed">The seed unless another is chosen; 0: another one in each run.</param>
        public PropertyAttribute(int cases = 500, int seed = 0)
        {
            MaxTest = Cases(cases);
            QuietOnSuccess = true;
            if ((ChosenSeed ?? seed) is var chosen and not 0)
            {
                // The generator's start and step: apart for neighbouring seeds, or they would try the same.
                Replay = $"({unchecked((ulong)chosen * 0xBF58476D1CE4E5B9)},{0x9E3779B97F4A7C15})";
            }
        }
    }
}
