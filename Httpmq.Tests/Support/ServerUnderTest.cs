using System.Diagnostics;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Tests.Support;

/// <summary>
/// The nats-server that the tests run against: the program in <c>NATS_SERVER</c>, which every make target sets; else, as in an
/// editor, what <c>scripts/nats-server</c> chooses.
/// </summary>
internal static class ServerUnderTest
{
    /// <summary>Category of tests that talk to a nats-server; `make test-servers` runs them on each supported generation.</summary>
    public const string Category = "broker";

    /// <summary>Category of tests that start processes or fetch servers themselves, and need no nats-server to be there.</summary>
    public const string ProcessCategory = "process";

    private const string Variable = "NATS_SERVER";

    private static readonly Lazy<string> Chosen = new(Choose);
    private static readonly Lazy<ServerFacts> Asked = new(Ask);

    public static string Executable => Chosen.Value;

    /// <summary>What that server does, for what differs between generations.</summary>
    public static ServerFacts Facts => Asked.Value;

    /// <summary>A stream's max_consumers may be changed; measured: 2.9 and 2.10 refuse it, 2.15 does not.</summary>
    public static bool ChangesMaxConsumers => IsAtLeast(2, 11);

    /// <summary>Subjects such as <c>*.*</c> may not take in those of JetStream; measured: 2.9 and 2.10 allow it, 2.15 does not.</summary>
    public static bool KeepsItsSubjectsToItself => IsAtLeast(2, 11);

    /// <summary>An acknowledgement of a message that was never delivered is not answered and does nothing; earlier ones delete the message.</summary>
    public static bool IgnoresAckOfUndelivered => IsAtLeast(2, 10, 26);

    public static bool IsAtLeast(int major, int minor, int patch = 0) => Facts.Version >= new Version(major, minor, patch);

    /// <summary>
    /// Fails a test that is about to talk to a nats-server while its fixture is not in <see cref="Category"/>: it would run on
    /// the newest server only, and nobody would notice.
    /// </summary>
    public static void RequireCategory()
    {
        var test = TestContext.CurrentContext.Test;
        if (test.Type is { } fixture
            && !fixture.IsDefined(typeof(SetUpFixtureAttribute), inherit: false)
            && !test.AllCategories().Contains(Category, StringComparer.Ordinal))
        {
            throw new InvalidOperationException(
                $"{fixture.Name} talks to a nats-server: give it [Category(ServerUnderTest.Category)], so that it runs on every generation.");
        }
    }

    /// <summary>A nats-server of another generation, such as 2.9: from the cache, or fetched.</summary>
    public static string OfGeneration(string generation) => OutputOf(Repository.PathOf("scripts/nats-server"), generation);

    private static string Choose()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } chosen)
        {
            chosen = OutputOf(Repository.PathOf("scripts/nats-server"));

            // For the processes that tests start: they choose by the same variable.
            Environment.SetEnvironmentVariable(Variable, chosen);
        }

        return chosen;
    }

    private static ServerFacts Ask() => ServerFacts.Of(OutputOf(Executable, "--version").Replace("nats-server: v", string.Empty, StringComparison.Ordinal));

    private static string OutputOf(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? text.Trim() : throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }
}
