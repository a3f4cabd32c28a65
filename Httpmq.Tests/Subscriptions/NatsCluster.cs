using System.Globalization;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Subscriptions;

/// <summary>Three nats-servers with JetStream whose wires to each other take their time.</summary>
internal sealed class NatsCluster : IAsyncDisposable
{
    private const int Size = 3;

    private readonly NatsServerProcess[] _nodes;
    private readonly List<TcpDetour> _wires;

    private NatsCluster(NatsServerProcess[] nodes, List<TcpDetour> wires) => (_nodes, _wires) = (nodes, wires);

    /// <summary>Where clients reach each node.</summary>
    public IReadOnlyList<string> Urls => [.. _nodes.Select(static node => node.Url)];

    /// <summary>Starts the nodes and waits until they are one cluster.</summary>
    /// <param name="delayed">Whether what one node says to another arrives one or two milliseconds later.</param>
    public static async Task<NatsCluster> StartAsync(bool delayed)
    {
        var ports = Enumerable.Range(0, Size).Select(static _ => NatsServerProcess.FreePort()).ToArray();
        var wires = new List<TcpDetour>();
        var nodes = await Task.WhenAll(Enumerable.Range(0, Size).Select(index =>
        {
            var routes = Enumerable.Range(0, Size).Where(other => other != index).Select(other =>
            {
                var wire = new TcpDetour { Delayed = delayed };
                wire.To(ports[other]);
                wires.Add(wire);
                return wire.Url;
            }).ToList();
            return NatsServerProcess.StartAsync(
                "--name",
                $"n{index.ToString(CultureInfo.InvariantCulture)}",
                "--cluster_name",
                "c",
                "--cluster",
                $"nats://127.0.0.1:{ports[index].ToString(CultureInfo.InvariantCulture)}",
                "--no_advertise",
                "--routes",
                string.Join(',', routes));
        }));
        await ClusterStart.CompleteAsync(nodes);
        return new NatsCluster(nodes, wires);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        foreach (var wire in _wires)
        {
            await wire.DisposeAsync();
        }
    }
}
