using Httpmq.Checker;

namespace Httpmq.Chaos.Servers;

/// <summary>A gateway's dataplane with the wires around it: one to its clients, one to each NATS node.</summary>
internal sealed record DataplaneSite(GatewayProcess Process, TcpProxy ClientWire, IReadOnlyList<TcpProxy> NatsWires)
{
    /// <summary>Where clients connect.</summary>
    public Uri Address => new($"http://127.0.0.1:{ClientWire.Port}");
}

/// <summary>Three NATS nodes, two dataplanes and a management, with all the wires between them, in one folder.</summary>
internal sealed class TestBed : IAsyncDisposable
{
    private const int NodeCount = 3;
    private const int DataplaneCount = 2;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly List<IAsyncDisposable> _owned = [];

    public TestBed(string folder, string gatewayProgram, string stream, RunClock clock, JournalWriter journal)
    {
        Nodes = [.. Enumerable.Range(0, NodeCount).Select(index => Own(new NatsNode($"nats-{index}", Ports.Free(), Ports.Free(), folder, clock, journal)))];
        Observer = Own(new StreamObserver(string.Join(',', Nodes.Select(node => node.Url)), stream));
        Management = Own(new GatewayProcess("management", "management", gatewayProgram, string.Join(',', Nodes.Select(node => node.Url)), folder, clock, journal));
        Dataplanes = [.. Enumerable.Range(0, DataplaneCount).Select(index => CreateSite(index, folder, gatewayProgram, clock, journal))];
    }

    public IReadOnlyList<NatsNode> Nodes { get; }

    public IReadOnlyList<DataplaneSite> Dataplanes { get; }

    public GatewayProcess Management { get; }

    public StreamObserver Observer { get; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        foreach (var node in Nodes)
        {
            node.Configure(Nodes);
            node.Start();
        }

        await Task.WhenAll(Nodes.Select(node => node.WaitUntilServingAsync(limit.Token)));
        while (!await Observer.IsReadyAsync(limit.Token))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
        }

        GatewayProcess[] gateways = [Management, .. Dataplanes.Select(site => site.Process)];
        foreach (var gateway in gateways)
        {
            gateway.Start();
        }

        await Task.WhenAll(gateways.Select(gateway => gateway.WaitUntilServingAsync(limit.Token)));
    }

    /// <summary>The orderly end: gateways, then nodes.</summary>
    public async Task StopAsync()
    {
        await Task.WhenAll(Dataplanes.Select(site => site.Process.StopAsync()).Append(Management.StopAsync()));
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

    private DataplaneSite CreateSite(int index, string folder, string program, RunClock clock, JournalWriter journal)
    {
        TcpProxy[] wires = [.. Nodes.Select(node => Own(new TcpProxy(node.Port)))];
        var uris = string.Join(',', wires.Select(wire => $"nats://127.0.0.1:{wire.Port}"));
        var process = Own(new GatewayProcess($"gateway-{index}", "dataplane", program, uris, folder, clock, journal));
        return new DataplaneSite(process, Own(new TcpProxy(process.Port)), wires);
    }

    private T Own<T>(T part)
        where T : IAsyncDisposable
    {
        _owned.Add(part);
        return part;
    }
}
