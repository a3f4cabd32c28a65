using System.Text.Json.Nodes;
using Httpmq.Testing;

namespace Httpmq.Bench.Processes;

/// <summary>The nats-server, and what it says about itself.</summary>
internal sealed class MeasuredNats : IAsyncDisposable
{
    private readonly HttpClient _monitor;

    private MeasuredNats(NatsServer process, int monitoringPort) =>
        (Process, _monitor) = (process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{monitoringPort}") });

    public NatsServer Process { get; }

    public static async Task<MeasuredNats> StartAsync()
    {
        var (program, monitoringPort) = (NatsProgram.Chosen, Ports.Free());
        string[] arguments = ["-js", "-m", $"{monitoringPort}"];
        if (!LimitsConsumers(program))
        {
            return new MeasuredNats(await NatsServer.StartAsync(program, arguments), monitoringPort);
        }

        // Read once, at the start.
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"jetstream {{ limits {{ default_max_consumers: {int.MaxValue} }} }}\n");
            return new MeasuredNats(await NatsServer.StartAsync(program, [.. arguments, "-c", file]), monitoringPort);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>How many subscriptions all clients have at the server, and the server's own.</summary>
    public async Task<int> SubscriptionsAsync() => (int)(await MonitorAsync("subsz"))["num_subscriptions"]!;

    /// <summary>What it has sent to clients since its start, in bytes.</summary>
    public async Task<long> SentBytesAsync() => (long)(await MonitorAsync("varz"))["out_bytes"]!;

    public async Task<string> VersionAsync() => (string)(await MonitorAsync("varz"))["version"]!;

    public async ValueTask DisposeAsync()
    {
        _monitor.Dispose();
        await Process.DisposeAsync();
    }

    // From 2.15 on a stream takes 1,000 consumers unless another limit is set; earlier versions do not know the key.
    private static bool LimitsConsumers(string program) =>
        Version.Parse(NatsProgram.VersionOf(program).Split('-')[0]) >= new Version(2, 15);

    private async Task<JsonNode> MonitorAsync(string what) =>
        JsonNode.Parse(await _monitor.GetStringAsync(new Uri(what, UriKind.Relative)))!;
}
