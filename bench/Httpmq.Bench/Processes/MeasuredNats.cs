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
        var monitoringPort = Ports.Free();
        return new MeasuredNats(await NatsServer.StartAsync(NatsProgram.Chosen, "-js", "-m", $"{monitoringPort}"), monitoringPort);
    }

    /// <summary>How many subscriptions all clients have at the server, and the server's own.</summary>
    public async Task<int> SubscriptionsAsync() => (int)(await MonitorAsync("subsz"))["num_subscriptions"]!;

    /// <summary>What it has sent to clients since its start, in bytes.</summary>
    public async Task<long> SentBytesAsync() => (long)(await MonitorAsync("varz"))["out_bytes"]!;

    /// <summary>Which one is measured: version and program.</summary>
    public async Task<string> DescriptionAsync() => $"nats-server {(string)(await MonitorAsync("varz"))["version"]!}, {Process.Program}";

    public async ValueTask DisposeAsync()
    {
        _monitor.Dispose();
        await Process.DisposeAsync();
    }

    private async Task<JsonNode> MonitorAsync(string what) =>
        JsonNode.Parse(await _monitor.GetStringAsync(new Uri(what, UriKind.Relative)))!;
}
