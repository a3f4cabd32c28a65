using System.Net;
using System.Threading.Channels;
using Httpmq.Api.Hosting.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Transport;

/// <summary>What a real socket cannot be made to show: its failure, and that it is released once.</summary>
[TestFixture]
public sealed class DualProtocolListenerTests
{
    [Test]
    public async Task Accept_SocketFails_ThrowsInBothLanes()
    {
        await using var socket = new FakeSocketListener();
        await using var listener = Start(socket);
        var lanes = TakeBoth(listener);

        socket.Fail(new IOException("out of handles"));

        foreach (var lane in lanes)
        {
            Assert.That(
                async () => await lane.AcceptAsync().AsTask().WaitAsync(Wire.Limit),
                Throws.InstanceOf<IOException>().With.Message.EqualTo("out of handles"));
        }
    }

    [Test]
    public async Task Dispose_OneLane_EndsBothButKeepsTheTransport()
    {
        await using var socket = new FakeSocketListener();
        await using var listener = Start(socket);
        var lanes = TakeBoth(listener);

        await lanes[0].DisposeAsync();
        await lanes[0].DisposeAsync();

        Assert.That(await lanes[0].AcceptAsync(), Is.Null);
        Assert.That(await lanes[1].AcceptAsync(), Is.Null);
        Assert.That(socket.Disposals, Is.Zero, "connections of the other lane may still use its buffers");
    }

    [Test]
    public async Task Dispose_BothLanesTwice_ReleasesTheTransportOnce()
    {
        await using var socket = new FakeSocketListener();
        await using var listener = Start(socket);
        var lanes = TakeBoth(listener);

        foreach (var lane in lanes.Concat(lanes))
        {
            await lane.DisposeAsync();
        }

        Assert.That(socket.Disposals, Is.EqualTo(1));
    }

    private static DualProtocolListener Start(FakeSocketListener socket)
    {
        var listener = new DualProtocolListener(
            socket, Wire.Limit, maxPeeking: 1, TimeProvider.System, NullLogger<DualProtocolListener>.Instance);
        listener.Start();
        return listener;
    }

    private static ProtocolLane[] TakeBoth(DualProtocolListener listener) =>
        [listener.TakeLane(HttpProtocols.Http1), listener.TakeLane(HttpProtocols.Http2)];

    private sealed class FakeSocketListener : IConnectionListener
    {
        private readonly Channel<ConnectionContext> _connections = Channel.CreateUnbounded<ConnectionContext>();

        public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 1);

        public int Disposals { get; private set; }

        public void Fail(Exception error) => _connections.Writer.TryComplete(error);

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await _connections.Reader.WaitToReadAsync(cancellationToken) ? await _connections.Reader.ReadAsync(cancellationToken) : null;

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _connections.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            Disposals++;
            return ValueTask.CompletedTask;
        }
    }
}
