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
    private const int DataplaneCount = 2;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["Httpmq__Nats__ConnectTimeoutSec"] = "2",
        ["Httpmq__Nats__Reconnect__WaitIntervalSec"] = "1",
        ["LOG_LEVEL"] = "warn",
    };

    private readonly List<IAsyncDisposable> _owned = [];
    private readonly NatsCluster _cluster;
    private readonly ServerJournal _servers;

    public TestBed(string folder, ChaosOptions options, string stream, RunClock clock, JournalWriter journal)
    {
        _servers = new ServerJournal(folder, clock, journal);
        _cluster = Own(new NatsCluster(options.Servers, isWired: true, folder, _servers));
        Observer = Own(new StreamObserver(_cluster.Url, stream));
        Management = CreateSite("management", "management", first: 0);
        Dataplanes = [.. Enumerable.Range(0, DataplaneCount).Select(index => CreateSite($"gateway-{index}", "dataplane", first: index))];

        GatewaySite CreateSite(string name, string mode, int first)
        {
            TcpProxy[] wires = [.. Nodes.Select(node => Own(new TcpProxy(node.Port, speaksNats: true)))];

            // Each begins with another node, so that not all depend on the same.
            var uris = string.Join(',', wires[first..].Concat(wires[..first]).Select(wire => wire.Url));
            var process = Own(new GatewayProcess(options.GatewayProgram, mode, uris, Settings, name, _servers));
            return new GatewaySite(process, Own(new TcpProxy(process.Address.Port)), wires);
        }
    }

    public IReadOnlyList<NatsServer> Nodes => _cluster.Nodes;

    public IReadOnlyList<GatewaySite> Dataplanes { get; }

    public GatewaySite Management { get; }

    public IEnumerable<GatewaySite> Gateways => [Management, .. Dataplanes];

    public StreamObserver Observer { get; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        await _cluster.StartAsync(limit.Token);
        foreach (var gateway in Gateways)
        {
            gateway.Process.Start();
        }

        await WaitUntilGatewaysServeAsync(limit.Token);
    }

    public Task WaitUntilGatewaysServeAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Gateways.Select(gateway => gateway.Process.WaitUntilServingAsync(cancellationToken)));

    /// <summary>The wires between the nodes.</summary>
    public IEnumerable<TcpProxy> RouteWires => _cluster.Routes.Select(route => route.Wire);

    /// <summary>The wires between this node and the others, whoever of the two connects.</summary>
    public IEnumerable<TcpProxy> WiresOf(NatsServer node) =>
        _cluster.Routes.Where(route => route.From == node || route.To == node).Select(route => route.Wire);

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

        _servers.Dispose();
    }

    private T Own<T>(T part)
        where T : IAsyncDisposable
    {
        _owned.Add(part);
        return part;
    }
}
