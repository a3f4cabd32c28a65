using Httpmq.Testing;
using System.Diagnostics;
using Httpmq.Checker;

namespace Httpmq.Chaos.Servers;

/// <summary>A gateway with the wires around it: one to its clients, one to each NATS node.</summary>
internal sealed record GatewaySite(GatewayProcess Process, TcpProxy ClientWire, IReadOnlyList<TcpProxy> NatsWires)
{
    public string Name => Process.Name;

    /// <summary>Where clients connect.</summary>
    public Uri Address => new($"http://127.0.0.1:{ClientWire.Port}");
}

/// <summary>Three NATS nodes, two dataplanes and a management, with all the wires between them, in one folder.</summary>
internal sealed class TestBed : IAsyncDisposable
{
    private const int NodeCount = 3;
    private const int DataplaneCount = 2;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    /// <summary>Nodes find each other within 3 s as a rule.</summary>
    private static readonly TimeSpan FormLimit = TimeSpan.FromSeconds(12);

    private readonly List<IAsyncDisposable> _owned = [];
    private readonly List<(NatsNode From, NatsNode To, TcpProxy Wire)> _routes;

    public TestBed(string folder, ChaosOptions options, string stream, RunClock clock, JournalWriter journal)
    {
        Nodes = [.. Enumerable.Range(0, NodeCount).Select(index =>
            Own(new NatsNode($"nats-{index}", options.Servers[index % options.Servers.Count], Ports.Free(), Ports.Free(), folder, clock, journal)))];
        _routes = [.. Nodes.SelectMany(from => Nodes.Where(to => to != from).Select(to => (from, to, Own(new TcpProxy(to.RoutePort)))))];
        Observer = Own(new StreamObserver(string.Join(',', Nodes.Select(node => node.Url)), stream));
        Management = CreateSite("management", "management", first: 0);
        Dataplanes = [.. Enumerable.Range(0, DataplaneCount).Select(index => CreateSite($"gateway-{index}", "dataplane", first: index))];

        GatewaySite CreateSite(string name, string mode, int first)
        {
            TcpProxy[] wires = [.. Nodes.Select(node => Own(new TcpProxy(node.Port, speaksNats: true)))];

            // Each begins with another node, so that not all depend on the same.
            var uris = string.Join(',', wires[first..].Concat(wires[..first]).Select(wire => $"nats://127.0.0.1:{wire.Port}"));
            var process = Own(new GatewayProcess(name, mode, options.GatewayProgram, uris, folder, clock, journal));
            return new GatewaySite(process, Own(new TcpProxy(process.Port)), wires);
        }
    }

    public IReadOnlyList<NatsNode> Nodes { get; }

    public IReadOnlyList<GatewaySite> Dataplanes { get; }

    public GatewaySite Management { get; }

    public IEnumerable<GatewaySite> Gateways => [Management, .. Dataplanes];

    public StreamObserver Observer { get; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        foreach (var node in Nodes)
        {
            node.Configure(_routes.Where(route => route.From == node).Select(route => route.Wire));
            node.Start();
        }

        await Task.WhenAll(Nodes.Select(node => node.WaitUntilServingAsync(limit.Token)));
        await CompleteClusterAsync(limit.Token);
        foreach (var gateway in Gateways)
        {
            gateway.Process.Start();
        }

        await WaitUntilGatewaysServeAsync(limit.Token);
    }

    /// <summary>
    /// Waits until a stream can have a copy on each node. A node that comes a moment after the others have elected a leader may stay out
    /// for good (seen with 2.10.27), until it is started again; which one it is the servers do not tell.
    /// </summary>
    private async Task CompleteClusterAsync(CancellationToken cancellationToken)
    {
        var (since, next) = (Stopwatch.GetTimestamp(), Nodes.Count);
        while (!await Observer.HasRoomForAsync(Nodes.Count, cancellationToken))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
            if (Stopwatch.GetElapsedTime(since) > FormLimit)
            {
                var node = Nodes[next-- % Nodes.Count];
                await node.KillAsync();
                node.Start();
                await node.WaitUntilServingAsync(cancellationToken);
                since = Stopwatch.GetTimestamp();
            }
        }
    }

    public Task WaitUntilGatewaysServeAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Gateways.Select(gateway => gateway.Process.WaitUntilServingAsync(cancellationToken)));

    /// <summary>The wires between the nodes.</summary>
    public IEnumerable<TcpProxy> RouteWires => _routes.Select(route => route.Wire);

    /// <summary>The wires between this node and the others, whoever of the two connects.</summary>
    public IEnumerable<TcpProxy> WiresOf(NatsNode node) => _routes.Where(route => route.From == node || route.To == node).Select(route => route.Wire);

    /// <summary>The orderly end: gateways, then nodes.</summary>
    public async Task StopAsync()
    {
        await Task.WhenAll(Gateways.Select(gateway => gateway.Process.StopAsync()));
        await Task.WhenAll(Nodes.Select(node => node.StopAsync()));
    }

    public async ValueTask DisposeAsync()
    {
        // The last one made is the first to go: gateways before wires before nodes.
        foreach (var owned in Enumerable.Reverse(_owned))
        {
            await owned.DisposeAsync();
        }
    }

    private T Own<T>(T part)
        where T : IAsyncDisposable
    {
        _owned.Add(part);
        return part;
    }
}
