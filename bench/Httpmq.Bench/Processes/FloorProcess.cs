using System.Diagnostics;
using System.Globalization;
using Httpmq.Testing;

namespace Httpmq.Bench.Processes;

/// <summary>This program as <see cref="FloorServer"/>.</summary>
internal sealed class FloorProcess(IReadOnlyDictionary<string, string> environment) : ServerProcess("floor", watcher: null)
{
    private readonly int _port = Ports.Free();

    public Uri Address => new($"http://127.0.0.1:{_port}");

    protected override ProcessStartInfo Describe()
    {
        var start = new ProcessStartInfo(
            "dotnet",
            ["exec", typeof(FloorProcess).Assembly.Location, FloorServer.Option, _port.ToString(CultureInfo.InvariantCulture)]);
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return start;
    }

    protected override Task<(bool Serves, string? Version)> AskAsync(CancellationToken cancellationToken) =>
        Task.FromResult((Output.Contains(FloorServer.Ready, StringComparison.Ordinal), (string?)null));
}
