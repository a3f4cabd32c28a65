using System.Diagnostics;
using Httpmq.Infrastructure.JetStream;

namespace Httpmq.Tests.Support;

/// <summary>The nats-server that the tests run against: the program in <c>NATS_SERVER</c>, else the one on the PATH.</summary>
internal static class ServerUnderTest
{
    /// <summary>Category of tests that talk to a nats-server; `make test-servers` runs them on each supported generation.</summary>
    public const string Category = "broker";

    private static readonly Lazy<ServerFacts> Asked = new(Ask);

    public static string Executable => Environment.GetEnvironmentVariable("NATS_SERVER") is { Length: > 0 } chosen ? chosen : "nats-server";

    /// <summary>What that server does, for what differs between generations.</summary>
    public static ServerFacts Facts => Asked.Value;

    private static ServerFacts Ask()
    {
        using var process = Process.Start(new ProcessStartInfo(Executable, ["--version"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return ServerFacts.Of(text.Trim().Replace("nats-server: v", string.Empty, StringComparison.Ordinal));
    }
}
