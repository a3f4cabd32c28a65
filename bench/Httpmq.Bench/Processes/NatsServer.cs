using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Httpmq.Bench.Processes;

/// <summary>A nats-server with JetStream on a free loopback port, with a new and empty store.</summary>
internal sealed class NatsServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-bench-").FullName;
    private readonly int _port = ChildProcess.FreePort();
    private readonly int _monitoringPort = ChildProcess.FreePort();

    private NatsServer() =>
        Process = ChildProcess.Start(Executable, ["-a", "127.0.0.1", "-p", $"{_port}", "-m", $"{_monitoringPort}", "-js", "-sd", _folder]);

    public ChildProcess Process { get; }

    /// <summary>The program in NATS_SERVER, which the make targets set, else the one on the PATH.</summary>
    private static string Executable { get; } = Environment.GetEnvironmentVariable("NATS_SERVER") is { Length: > 0 } chosen ? chosen : "nats-server";

    public string Url => $"nats://127.0.0.1:{_port}";

    /// <summary>How many subscriptions all clients have at the server, and the server's own.</summary>
    public async Task<int> SubscriptionsAsync() => (int)(await MonitorAsync("subsz"))["num_subscriptions"]!;

    /// <summary>What it has sent to clients since its start, in bytes.</summary>
    public async Task<long> SentBytesAsync() => (long)(await MonitorAsync("varz"))["out_bytes"]!;

    /// <summary>Which one is measured: version and program.</summary>
    public async Task<string> DescriptionAsync() => $"nats-server {(string)(await MonitorAsync("varz"))["version"]!}, {Executable}";

    public static async Task<NatsServer> StartAsync()
    {
        var server = new NatsServer();
        using var patience = new CancellationTokenSource(Patience);
        while (!await server.IsListeningAsync())
        {
            if (server.Process.HasExited || patience.IsCancellationRequested)
            {
                throw new BenchException($"nats-server did not start:{Environment.NewLine}{server.Process.LastLines}");
            }

            await Task.Delay(50);
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<JsonNode> MonitorAsync(string what)
    {
        using var client = new HttpClient();
        return JsonNode.Parse(await client.GetStringAsync(new Uri($"http://127.0.0.1:{_monitoringPort}/{what}")))!;
    }

    private async Task<bool> IsListeningAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
