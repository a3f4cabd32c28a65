using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Httpmq.Testing;

/// <summary>A nats-server on a free loopback port, with a store of its own.</summary>
/// <param name="program">The nats-server.</param>
/// <param name="arguments">What follows address, port and store on its command line: <c>-js</c>, <c>-c file</c>, ...</param>
/// <param name="name">What it is called where several are told apart.</param>
/// <param name="folder">Where its store is; null: a temporary folder, which goes when it goes.</param>
/// <param name="watcher">Is told what happens to it.</param>
internal sealed class NatsServer(
    string program, IReadOnlyList<string> arguments, string name = "nats-server", string? folder = null, IServerWatcher? watcher = null)
    : ServerProcess(name, watcher)
{
    private const string Greeting = "INFO ";

    private readonly string _folder = folder ?? Directory.CreateTempSubdirectory("httpmq-nats-").FullName;

    public int Port { get; } = Ports.Free();

    public string Url => $"nats://127.0.0.1:{Port}";

    /// <summary>What the next start starts.</summary>
    public string Program { get; set; } = program;

    public static async Task<NatsServer> StartAsync(string program, params string[] arguments)
    {
        var server = new NatsServer(program, arguments);
        try
        {
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (folder is null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    // nats-server ends with 1 on SIGTERM.
    protected override int[] StopCodes => [0, 1];

    protected override ProcessStartInfo Describe() =>
        new(Program, ["-a", "127.0.0.1", "-p", $"{Port}", "-sd", Path.Combine(_folder, Name), .. arguments]);

    protected override async Task<(bool Serves, string? Version)> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port, cancellationToken);
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadLineAsync(cancellationToken) is { } line && line.StartsWith(Greeting, StringComparison.Ordinal)
                ? (true, (string?)JsonNode.Parse(line[Greeting.Length..])!["version"])
                : (false, null);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return (false, null);
        }
    }
}
