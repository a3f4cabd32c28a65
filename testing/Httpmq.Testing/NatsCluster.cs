using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Httpmq.Testing;

/// <summary>The wire on which one node calls another.</summary>
internal sealed record Route(NatsServer From, NatsServer To, TcpProxy Wire);

/// <summary>Three nats-servers that are one JetStream cluster, each a process of its own.</summary>
internal sealed class NatsCluster : IAsyncDisposable
{
    private const int Size = 3;
    private const int NobodysPort = 9;

    // Takes 1 s where it goes well.
    private static readonly TimeSpan FormLimit = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan LeaderWait = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private readonly string _folder;
    private readonly bool _isOwnFolder;

    /// <param name="programs">The nats-servers of the nodes: one for all, or one each.</param>
    /// <param name="isWired">
    /// Whether the nodes reach each other through <see cref="Routes"/>, and clients learn of no address but what they are given.
    /// </param>
    /// <param name="folder">Where stores and configurations are; null: a temporary folder, which goes when the cluster goes.</param>
    /// <param name="watcher">Is told what happens to the nodes.</param>
    public NatsCluster(IReadOnlyList<string> programs, bool isWired = false, string? folder = null, IServerWatcher? watcher = null)
    {
        _isOwnFolder = folder is null;
        _folder = folder ?? Directory.CreateTempSubdirectory("httpmq-cluster-").FullName;
        Nodes = [.. Enumerable.Range(0, Size).Select(index => new NatsServer(
            programs[index % programs.Count], ["-js", "-c", ConfigurationOf($"nats-{index}")], $"nats-{index}", _folder, watcher))];
        var ports = Nodes.ToDictionary(static node => node, static _ => Ports.Free());
        Routes = isWired
            ? [.. Nodes.SelectMany(from => Nodes.Where(to => to != from).Select(to => new Route(from, to, new TcpProxy(ports[to]))))]
            : [];
        foreach (var node in Nodes)
        {
            var others = isWired
                ? Routes.Where(route => route.From == node).Select(static route => route.Wire.Port)
                : Nodes.Where(other => other != node).Select(other => ports[other]);

            // Servers tell clients each other's addresses, and clients would go round the proxies. To each other they tell an address where
            // nobody is, so that they do not go round them either.
            var secrecy = isWired ? $"no_advertise: true, advertise: \"127.0.0.1:{NobodysPort}\", " : string.Empty;
            var routes = string.Join(", ", others.Select(static port => $"nats-route://127.0.0.1:{port}"));
            File.WriteAllText(ConfigurationOf(node.Name), $$"""
                server_name: {{node.Name}}
                jetstream { max_memory_store: 256MB, max_file_store: 8GB }
                lame_duck_duration: "30s"
                lame_duck_grace_period: "2s"
                cluster { name: c, listen: 127.0.0.1:{{ports[node]}}, {{secrecy}}routes: [ {{routes}} ] }
                """);
        }
    }

    public IReadOnlyList<NatsServer> Nodes { get; }

    /// <summary>The wires between the nodes; none in a cluster that is not wired.</summary>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>All addresses, as a gateway is configured with them.</summary>
    public string Url => string.Join(',', Nodes.Select(static node => node.Url));

    /// <summary>The node that listens on this port.</summary>
    public NatsServer At(int port) => Nodes.Single(node => node.Port == port);

    /// <summary>
    /// Starts the nodes, and waits until a stream can have a copy on each. A node that comes a moment after the others have elected a
    /// leader may stay out for good (seen with 2.10.27, on a busy machine one cluster in four): "no suitable peers", until it is started
    /// again.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        foreach (var node in Nodes)
        {
            node.Start();
        }

        await Task.WhenAll(Nodes.Select(node => node.WaitUntilServingAsync(limit.Token)));
        await using var api = new JetStreamProbe(Url);
        var (since, next, probes) = (Stopwatch.GetTimestamp(), 0, 0);
        await Poll.UntilAsync(
            async () =>
            {
                if (await HasRoomAsync(api, $"room-{++probes}", limit.Token))
                {
                    return true;
                }

                if (Stopwatch.GetElapsedTime(since) > FormLimit)
                {
                    // Which one it is the servers do not tell, so each gets its turn.
                    var node = Nodes[next++ % Nodes.Count];
                    await node.KillAsync();
                    await node.StartAgainAsync();
                    since = Stopwatch.GetTimestamp();
                }

                return false;
            },
            limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Nodes.Concat<IAsyncDisposable>(Routes.Select(static route => route.Wire)))
        {
            await part.DisposeAsync();
        }

        if (_isOwnFolder)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private string ConfigurationOf(string name) => Path.Combine(_folder, $"{name}.conf");

    // A stream that was begun while a node went away may never answer again, so each try has a name of its own, and leaves nothing.
    private static async Task<bool> HasRoomAsync(JetStreamProbe api, string name, CancellationToken cancellationToken)
    {
        // Servers are silent until they know a leader; a short question finds out sooner than one that waits for its time-out.
        if (!await HasLeaderAsync(api, cancellationToken))
        {
            return false;
        }

        var probe = new JsonObject { ["name"] = name, ["storage"] = "memory", ["num_replicas"] = Size };
        var created = await api.AskAsync($"STREAM.CREATE.{name}", cancellationToken, probe);
        await api.AskAsync($"STREAM.DELETE.{name}", cancellationToken);
        return created is not null && created["error"] is null;
    }

    private static async Task<bool> HasLeaderAsync(JetStreamProbe api, CancellationToken cancellationToken)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        wait.CancelAfter(LeaderWait);
        try
        {
            return await api.AskAsync("STREAM.NAMES", wait.Token) is { } names && names["error"] is null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
