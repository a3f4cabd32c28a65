using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Httpmq.Checker;

namespace Httpmq.Chaos.Servers;

/// <summary>One nats-server of the cluster, with a store of its own.</summary>
internal sealed class NatsNode(string name, string program, int port, int routePort, string folder, RunClock clock, JournalWriter journal)
    : ServerProcess(name, folder, clock, journal)
{
    private const int NobodysPort = 9;
    private const string Greeting = "INFO ";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public int Port => port;

    public int RoutePort => routePort;

    /// <summary>What the next start starts.</summary>
    public string Program { get; set; } = program;

    public string Url => $"nats://127.0.0.1:{port}";

    /// <summary>Writes the configuration, when the wires to all other nodes are known.</summary>
    public void Configure(IEnumerable<TcpProxy> wires)
    {
        // Without no_advertise the servers tell clients each other's addresses, and clients would go round the proxies. To each other they tell
        // an address where nobody is, so that they do not go round them either.
        var routes = string.Join(", ", wires.Select(wire => $"nats-route://127.0.0.1:{wire.Port}"));
        File.WriteAllText(ConfigurationPath, $$"""
            server_name: {{Name}}
            listen: 127.0.0.1:{{port}}
            jetstream { store_dir: "{{Path.Combine(Folder, Name)}}", max_memory_store: 256MB, max_file_store: 8GB }
            lame_duck_duration: "30s"
            lame_duck_grace_period: "2s"
            cluster { name: chaos, listen: 127.0.0.1:{{routePort}}, no_advertise: true, advertise: "127.0.0.1:{{NobodysPort}}", routes: [ {{routes}} ] }
            """);
    }

    /// <summary>Waits, and writes down which version it is that serves.</summary>
    public override async Task WaitUntilServingAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", port, cancellationToken);
                using var reader = new StreamReader(client.GetStream());
                if (await reader.ReadLineAsync(cancellationToken) is { } line && line.StartsWith(Greeting, StringComparison.Ordinal))
                {
                    Journal.Write(new ServerEntry(Clock.Now, (string)JsonNode.Parse(line[Greeting.Length..])!["version"]!, Name));
                    return;
                }
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                // Not yet.
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    // nats-server ends with 1 on SIGTERM.
    protected override int[] StopCodes => [0, 1];

    protected override ProcessStartInfo Describe() => new(Program, ["-c", ConfigurationPath]);

    private string ConfigurationPath => Path.Combine(Folder, $"{Name}.conf");
}
