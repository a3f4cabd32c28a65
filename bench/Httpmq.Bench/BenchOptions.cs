using System.Globalization;

namespace Httpmq.Bench;

/// <summary>What the command line says.</summary>
internal sealed record BenchOptions
{
    public const string Usage =
        """
        Measures Httpmq against the raw NATS client, with a nats-server of its own.

          --app <file>      Httpmq.Api.dll to measure; required
          --case <names>    cases, separated by commas; default: all but the extra ones
          --rounds <n>      rounds of gateway and raw in turn, default 3
          --scale <x>       multiplies durations and backlogs, default 1
          --json <file>     write the results there as well
          --baseline <file> a report to compare with, default bench/baseline.json where it exists; none: compare with nothing
          --write-baseline  store the rows that were run as the baseline; its other rows stay
          --allocations     also list, for each case, which types the gateway allocates
          --list            list the cases
          --abuse           no cases: bad clients, one kind after the other, and what others notice of them
          --soak            no cases: 100,000 subscriptions that come and go and 1,000,000 publishes, and what they leave behind
        """;

    public string? App { get; init; }

    public IReadOnlyList<string> Cases { get; init; } = [];

    public int Rounds { get; init; } = 3;

    public double Scale { get; init; } = 1;

    public string? Json { get; init; }

    /// <summary>A file, or "none"; null: the repository's.</summary>
    public string? Baseline { get; init; }

    public bool WriteBaseline { get; init; }

    public bool Allocations { get; init; }

    public bool List { get; init; }

    public bool Abuse { get; init; }

    public bool Soak { get; init; }

    /// <summary>
    /// After this the case that runs is given up, and no other is started. Three rounds have 9.5 minutes, more have more.
    /// </summary>
    public TimeSpan TimeLimit => TimeSpan.FromMinutes(9.5) * Math.Max(1, Rounds / 3.0);

    /// <summary>Throws <see cref="BenchException"/> for what it does not understand.</summary>
    public static BenchOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions();
        for (var index = 0; index < arguments.Count; index++)
        {
            var name = arguments[index];
            options = name switch
            {
                "--list" => options with { List = true },
                "--allocations" => options with { Allocations = true },
                "--abuse" => options with { Abuse = true },
                "--soak" => options with { Soak = true },
                "--app" => options with { App = Value() },
                "--case" =>
                    options with { Cases = Value().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) },
                "--rounds" => options with { Rounds = (int)Number(1, 100) },
                "--scale" => options with { Scale = Number(0.01, 100) },
                "--json" => options with { Json = Value() },
                "--baseline" => options with { Baseline = Value() },
                "--write-baseline" => options with { WriteBaseline = true },
                _ => throw new BenchException($"unknown option {name}{Environment.NewLine}{Usage}"),
            };

            string Value() => ++index < arguments.Count ? arguments[index] : throw new BenchException($"{name} needs a value");

            double Number(double least, double most) =>
                double.TryParse(Value(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= least
                    && number <= most
                    ? number
                    : throw new BenchException($"{name} takes a number from {least} to {most}");
        }

        return options.List || options.App is not null ? options : throw new BenchException(Usage);
    }
}
