using Httpmq.Checker;

namespace Httpmq.Chaos;

/// <summary>A run with what belongs around it: its folder, the heading, the verdict.</summary>
internal static class Session
{
    public static async Task<Verdict> RunAsync(ChaosOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        var folder = options.Folder is null
            ? Directory.CreateTempSubdirectory($"httpmq-chaos-{options.Seed}-").FullName
            : Directory.CreateDirectory(options.Folder).FullName;
        await output.WriteLineAsync(
            $"seed {options.Seed}, {options.Duration.TotalSeconds:0} s under load, "
            + $"the first {options.Calm.TotalSeconds:0} s without faults, on "
            + $"{string.Join(", ", options.Servers)}{string.Concat(options.Upgrades.Select(server => $", then {server}"))}; journal and "
            + $"logs in {folder}");
        var verdict = await new ChaosRun(options, folder, output).RunAsync(cancellationToken);
        Report.Print(verdict, output);
        foreach (var store in Directory.EnumerateDirectories(folder))
        {
            Directory.Delete(store, recursive: true);
        }

        if (verdict.Holds && options.Folder is null)
        {
            Directory.Delete(folder, recursive: true);
        }

        return verdict;
    }
}
