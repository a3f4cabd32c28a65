using System.Net;
using System.Net.Sockets;
using Httpmq.Api.Hosting.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Transport;

/// <summary>Start, stop, and what is bound in between.</summary>
[TestFixture]
public sealed class DualProtocolLifetimeTests
{
    [Test]
    public async Task Start_PortZero_ShowsTheRealPortForBothProtocols()
    {
        await using var server = await DualProtocolServer.StartAsync();

        Assert.That(server.Address.Port, Is.Positive);
        Assert.That(server.Addresses.Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Start_PortInUse_ThrowsAddressInUse()
    {
        await using var server = await DualProtocolServer.StartAsync();

        Assert.That(
            async () => await DualProtocolServer.StartAsync(server.EndPoint.Port),
            Throws.InstanceOf<IOException>()
                .With.InnerException.InstanceOf<AddressInUseException>()
                .And.Message.Contains($"http://127.0.0.1:{server.EndPoint.Port}"));
        Assert.That(await Wire.RoundTripAsync(server, HttpVersion.Version20), Is.EqualTo("HTTP/2"));
    }

    [Test]
    public async Task Start_AnotherPortInUse_ReleasesTheFirst()
    {
        await using var other = await DualProtocolServer.StartAsync();
        var probe = await DualProtocolServer.StartAsync();
        var free = probe.EndPoint;
        await probe.DisposeAsync();

        Assert.That(
            async () => await DualProtocolServer.StartAsync(other.EndPoint.Port, kestrel: o => o.ListenDualProtocol(free)),
            Throws.InstanceOf<IOException>());

        await using var again = await DualProtocolServer.StartAsync(free.Port);
        Assert.That(await Wire.RoundTripAsync(again, HttpVersion.Version11), Is.EqualTo("HTTP/1.1"));
    }

    [Test]
    public async Task Start_TransportNotRegistered_Throws()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o => o.ListenDualProtocol(new IPEndPoint(IPAddress.Loopback, 0)));
        await using var app = builder.Build();

        Assert.That(async () => await app.StartAsync(), Throws.InvalidOperationException);
    }

    [Test]
    public async Task Start_OrdinaryEndPointBeside_IsServedBySockets()
    {
        await using var server = await DualProtocolServer.StartAsync(kestrel: o => o.Listen(IPAddress.Loopback, 0));
        using var client = new HttpClient { Timeout = Wire.Limit };

        foreach (var address in server.Addresses)
        {
            using var response = await client.GetAsync(new Uri(address));
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), address);
        }

        Assert.That(server.Addresses.Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task Stop_ConnectionsInPeek_ClosesThemPromptly()
    {
        await using var server = await DualProtocolServer.StartAsync(transport: o => o.PeekTimeout = Timeout.InfiniteTimeSpan);
        var silent = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Wire.SendAsync(server, i % 2 == 0 ? "" : "PRI *")));
        await Wire.RoundTripAsync(server, HttpVersion.Version11);

        await server.StopAsync().WaitAsync(TimeSpan.FromSeconds(5));

        foreach (var socket in silent)
        {
            Assert.That(await Wire.ReadToCloseAsync(socket), Is.Empty);
            socket.Dispose();
        }

        Assert.That(async () => await Wire.ConnectAsync(server), Throws.InstanceOf<SocketException>());
    }

    [TestCase("1.1")]
    [TestCase("2.0")]
    public async Task Stop_RequestRunning_LetsItFinish(string version)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        RequestDelegate handler = async context =>
        {
            entered.SetResult();
            await gate.Task;
            await context.Response.WriteAsync("finished");
        };
        await using var server = await DualProtocolServer.StartAsync(handler: handler);
        using var client = Wire.Client(server, Version.Parse(version));
        var answer = client.GetStringAsync(new Uri("/", UriKind.Relative));
        await entered.Task.WaitAsync(Wire.Limit);

        var stop = server.StopAsync();
        // Nobody can connect any more: the stop has got as far as the running request.
        Assert.That(
            async () => await CanConnectAsync(server), Is.False.After((int)Wire.Limit.TotalMilliseconds, 10));
        Assert.That(stop.IsCompleted, Is.False);
        gate.SetResult();

        Assert.That(await answer, Is.EqualTo("finished"));
        await stop.WaitAsync(Wire.Limit);
    }

    [Test]
    public async Task Start_PortOfAStoppedServer_Succeeds()
    {
        var first = await DualProtocolServer.StartAsync();
        var port = first.EndPoint.Port;
        await Wire.RoundTripAsync(first, HttpVersion.Version20);
        await first.StopAsync();
        await first.DisposeAsync();

        await using var second = await DualProtocolServer.StartAsync(port);

        Assert.That(await Wire.RoundTripAsync(second, HttpVersion.Version20), Is.EqualTo("HTTP/2"));
    }

    [TestCase(2)]
    [TestCase(1)]
    public async Task Listener_UnboundAndDisposedTwice_EndsCleanly(int lanesBound)
    {
        await using var services = new ServiceCollection().AddLogging().AddDualProtocolTransport().BuildServiceProvider();
        var factory = services.GetServices<IConnectionListenerFactory>().OfType<DualProtocolListenerFactory>().Single();
        var port = new DualProtocolPort(new IPEndPoint(IPAddress.Loopback, 0));
        var lanes = new List<IConnectionListener> { await factory.BindAsync(new DualProtocolEndPoint(port, HttpProtocols.Http1)) };
        if (lanesBound == 2)
        {
            lanes.Add(await factory.BindAsync(new DualProtocolEndPoint(port, HttpProtocols.Http2)));
        }

        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(lanes[0].EndPoint);
        await socket.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());

        foreach (var lane in lanes.Concat(lanes))
        {
            await lane.UnbindAsync(new CancellationToken(canceled: true));
            await lane.DisposeAsync();
        }

        Assert.That(await Wire.ReadToCloseAsync(socket), Is.Empty.Or.EqualTo("<reset>"));
        foreach (var lane in lanes)
        {
            Assert.That(await lane.AcceptAsync(), Is.Null);
        }
    }

    private static async Task<bool> CanConnectAsync(DualProtocolServer server)
    {
        try
        {
            using var socket = await Wire.ConnectAsync(server);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
