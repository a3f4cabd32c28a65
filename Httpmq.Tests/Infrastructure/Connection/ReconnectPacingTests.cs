using System.Net;
using System.Net.Sockets;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using NATS.Client.Core;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>When a connection is attempted, and to which server: docs/adr/0008-reconnect-at-once.md.</summary>
internal sealed class ReconnectPacingTests
{
    // Advanced by far less than this while a server is looked for.
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly List<TcpListener> _servers = [];
    private int _accepted;

    [TearDown]
    public void Stop()
    {
        _servers.ForEach(static server => server.Dispose());
        _servers.Clear();
        _accepted = 0;
    }

    [Test]
    public async Task Next_SameServerAgain_ComesAfterThePause()
    {
        var server = Listen(speaks: true);
        var pacing = Pacing(server);
        Assert.That(await pacing.NextAsync(server), Is.EqualTo(server));

        // The clock stands still while the server is probed: a probe during which time passes would count as "was away".
        var again = pacing.NextAsync(server).AsTask();
        await Eventually.HoldsAsync(() => Volatile.Read(ref _accepted) == 2, "a second probe");
        Assert.That(again.IsCompleted, Is.False);
        _time.Advance(Pause);
        await AdvanceUntilAsync(again, Step);

        Assert.That(await again, Is.EqualTo(server));
    }

    [Test]
    public async Task Next_SameServerAfterAConnection_ComesAtOnce()
    {
        var server = Listen(speaks: true);
        var pacing = Pacing(server);
        await pacing.NextAsync(server);
        pacing.Connected();

        Assert.That(await pacing.NextAsync(server), Is.EqualTo(server), "no time passes here");
    }

    [Test]
    public async Task Next_ServerThatWasAwayAndAnswers_ComesBeforeThePause()
    {
        var server = ("127.0.0.1", Ports.Free());
        var pacing = Pacing(server);
        Assert.That(
            async () => await pacing.NextAsync(server), Throws.InstanceOf<NatsException>().With.Message.Contains("does not answer"));

        var start = _time.GetTimestamp();
        var again = pacing.NextAsync(server).AsTask();
        Listen(speaks: true, server.Item2);
        await AdvanceUntilAsync(again, Step);

        Assert.That(await again, Is.EqualTo(server));
        Assert.That(_time.GetElapsedTime(start), Is.LessThan(Pause));
    }

    [Test]
    public async Task Next_ServerThatTakesConnectionsAndSaysNothing_IsPassedOver()
    {
        var (mute, other) = (Listen(speaks: false), Listen(speaks: true));

        Assert.That(await Pacing(mute, other).NextAsync(mute), Is.EqualTo(other));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task HasOther_OfTwo_IsWhetherTheOtherAnswers(bool answers)
    {
        var server = Listen(speaks: true);
        var other = answers ? Listen(speaks: true) : ("127.0.0.1", Ports.Free());
        var pacing = Pacing(server);
        pacing.Learn([$"127.0.0.1:{other.Item2}", "no address"]);

        Assert.That(pacing.Servers, Is.EqualTo(2));
        Assert.That(await pacing.HasOtherAsync(server, CancellationToken.None), Is.EqualTo(answers));
    }

    /// <summary>Nodes that are replaced come with other addresses each time.</summary>
    [Test]
    public void Learn_OtherAddressesAgainAndAgain_ForgetsTheOldest()
    {
        var pacing = Pacing(("127.0.0.1", 4222));
        for (var node = 1; node <= 100; node++)
        {
            pacing.Learn(["127.0.0.1:4222", $"10.0.0.{node}:4222", $"10.0.1.{node}:4222"]);
        }

        Assert.That(pacing.Servers, Is.EqualTo(1 + 16).Or.EqualTo(16));
    }

    [Test]
    public void Learn_ManyServersAtOnce_KnowsThemAll()
    {
        var pacing = Pacing(("127.0.0.1", 4222));
        pacing.Learn(["10.0.1.1:4222"]);
        pacing.Learn(Enumerable.Range(1, 40).Select(static node => $"10.0.0.{node}:4222"));

        Assert.That(pacing.Servers, Is.EqualTo(41));
    }

    private ReconnectPacing Pacing(params (string Host, int Port)[] servers)
    {
        var options = new NatsOptions
        {
            Url = string.Join(',', servers.Select(static server => $"nats://{server.Host}:{server.Port}")),
            ReconnectWait = Pause,
        };
        return new ReconnectPacing(options, _time, CancellationToken.None);
    }

    private Task AdvanceUntilAsync(Task attempt, TimeSpan step) => Eventually.HoldsAsync(
        () =>
        {
            _time.Advance(attempt.IsCompleted ? TimeSpan.Zero : step);
            return Task.FromResult(attempt.IsCompleted);
        },
        "an attempt is made");

    /// <summary>A server that says its first word, or nothing.</summary>
    private (string Host, int Port) Listen(bool speaks, int port = 0)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        _servers.Add(listener);
        _ = ServeAsync(listener, speaks);
        return ("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);
    }

    private async Task ServeAsync(TcpListener listener, bool speaks)
    {
        var clients = new List<TcpClient>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync();
                clients.Add(client);
                Interlocked.Increment(ref _accepted);
                if (speaks)
                {
                    await client.GetStream().WriteAsync("INFO {}\r\n"u8.ToArray());
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or IOException)
        {
            clients.ForEach(static client => client.Dispose());
        }
    }
}
