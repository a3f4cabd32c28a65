namespace Httpmq.Bench.Reporting;

/// <summary>The stored report that runs are compared with.</summary>
/// <param name="path">Its file; null: none.</param>
/// <param name="rows">What it holds.</param>
internal sealed class Baseline(string? path, IReadOnlyList<CaseReport> rows)
{
    private const string None = "none";
    private const string Solution = "Httpmq.sln";
    private const string DefaultFile = "bench/baseline.json";

    /// <summary>
    /// Opens the one that the options name, or the repository's, which need not exist. Throws <see cref="BenchException"/> where there is
    /// none to read or to write.
    /// </summary>
    public static async Task<Baseline> OpenAsync(BenchOptions options)
    {
        var path = options.Baseline switch { null => OfRepository(), None => null, var named => named };
        if (options.WriteBaseline && path is null)
        {
            throw new BenchException("--write-baseline needs a file: --baseline <file>");
        }

        return File.Exists(path) || (options.Baseline is not null && path is not null && !options.WriteBaseline)
            ? new Baseline(path, await JsonReport.ReadAsync(path!))
            : new Baseline(path, []);
    }

    /// <summary>Says which rows moved, where there is something to compare with.</summary>
    public void Print(IReadOnlyList<CaseReport> now, TextWriter output)
    {
        if (rows.Count == 0)
        {
            return;
        }

        output.WriteLine();
        foreach (var line in Comparison.Describe(rows, now))
        {
            output.WriteLine(line);
        }
    }

    /// <summary>Stores these rows; those of other cases stay.</summary>
    public async Task WriteAsync(IReadOnlyList<CaseReport> now, TextWriter output)
    {
        await JsonReport.WriteAsync(path!, Comparison.Merge(rows, now));
        await output.WriteLineAsync($"baseline written: {path}");
    }

    private static string? OfRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, Solution)))
        {
            folder = folder.Parent;
        }

        return folder is null ? null : Path.Combine(folder.FullName, DefaultFile);
    }
}
