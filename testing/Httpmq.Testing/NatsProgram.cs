using System.Diagnostics;

namespace Httpmq.Testing;

/// <summary>The programs called nats-server.</summary>
internal static class NatsProgram
{
    private const string Variable = "NATS_SERVER";

    private static readonly Lazy<string> Choice = new(Choose);

    /// <summary>
    /// The program in <c>NATS_SERVER</c>, which every make target sets; else, as in an editor, what <c>scripts/nats-server</c> chooses.
    /// </summary>
    public static string Chosen => Choice.Value;

    /// <summary>One of another generation, such as 2.9: from the cache, or fetched.</summary>
    public static string OfGeneration(string generation) => OutputOf(Repository.PathOf("scripts/nats-server"), generation);

    public static string VersionOf(string program) =>
        OutputOf(program, "--version").Replace("nats-server: v", string.Empty, StringComparison.Ordinal);

    private static string Choose()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } chosen)
        {
            chosen = OutputOf(Repository.PathOf("scripts/nats-server"));

            // For the processes that are started from here: they choose by the same variable.
            Environment.SetEnvironmentVariable(Variable, chosen);
        }

        return chosen;
    }

    private static string OutputOf(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? text.Trim() : throw new ServerFailedException($"{program} ended with {process.ExitCode}.");
    }
}
