using System.Globalization;

namespace Httpmq.Tests.Support;

/// <summary>Three nats-servers that are one JetStream cluster, each a process of its own.</summary>
internal sealed class NatsCluster : IAsyncDisposable
{
    private NatsCluster(IReadOnlyList<NatsServerProcess> nodes) => Nodes = nodes;

    public IReadOnlyList<NatsServerProcess> Nodes { get; }

    /// <summary>All addresses, as a gateway is configured with them.</summary>
    public string Url => string.Join(',', Nodes.Select(static node => node.Url));

    public static async Task<NatsCluster> StartAsync()
    {
        var routes = Enumerable.Range(0, 3).Select(static _ => $"nats://127.0.0.1:{NatsServerProcess.FreePort().ToString(CultureInfo.InvariantCulture)}").ToArray();
        var nodes = await Task.WhenAll(routes.Select((route, index) => NatsServerProcess.StartAsync(
            "--name", $"n{index}", "--cluster_name", "c", "--cluster", route, "--routes", string.Join(',', routes))));
        await ClusterStart.CompleteAsync(nodes);
        return new NatsCluster(nodes);
    }

    /// <summary>The node that listens on this port.</summary>
    public NatsServerProcess At(int port) => Nodes.Single(node => node.Port == port);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }
    }
}
