using System.Net;
using System.Net.Sockets;
using System.Text;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;
using NATS.Client.JetStream;

// Most tests that are slow wait more than they work.
[assembly: LevelOfParallelism(6)]

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>Two gateways in front of one nats-server, and a client of that server that knows nothing of gateways.</summary>
[SetUpFixture]
internal sealed class Instances
{
    private static Gateway? _second;
    private static NatsConnection? _raw;

    public static Gateway First => SharedServers.Gateway;

    public static Gateway Second => _second!;

    public static NatsConnection Raw => _raw!;

    public static NatsJSContext JetStream => new(Raw);

    /// <summary>Publishes to the broker without JetStream's answers, then waits until the stream holds so many more.</summary>
    public static async Task FillAsync(NatsConnection nats, string stream, string subject, int count, byte[] payload)
    {
        var before = await CountAsync();
        for (var i = 0; i < count; i++)
        {
            await nats.PublishAsync(subject, payload);
        }

        await Eventually.HoldsAsync(async () => await CountAsync() >= before + count, $"{count} more messages in {stream}");

        async Task<long> CountAsync() => (await new NatsJSContext(nats).GetStreamAsync(stream)).Info.State.Messages;
    }

    /// <summary>
    /// Waits until a gateway has received so many deliveries of a consumer. That JetStream counts them is earlier: what its server has not
    /// sent when the subscriber leaves goes to nobody.
    /// </summary>
    public static async Task ReceivedAsync(Gateway gateway, string stream, string consumer, ulong deliveries)
    {
        var entry = gateway.DataplaneServices.GetRequiredService<ConsumerLedger>().Get(stream, consumer);
        await Eventually.HoldsAsync(() => entry.Mark.Consumer >= deliveries, $"{deliveries} deliveries of {consumer} at the gateway");
    }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _raw = new NatsConnection(
            new NatsOpts { Url = SharedServers.Nats.Url, SubjectEncoding = Encoding.UTF8, HeaderEncoding = Encoding.UTF8 });
        _second = await Gateway.StartAsync(SharedServers.Nats.Url);
        using var client = _second.Client();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "a second gateway that is ready");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_second is not null)
        {
            await _second.DisposeAsync();
        }

        if (_raw is not null)
        {
            await _raw.DisposeAsync();
        }
    }
}

/// <summary>What the tests of subscriptions share: a stream's name of their own, and a client of each instance.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(ServerUnderTest.Category)]
internal abstract class SubscriptionTest : IDisposable
{
    protected SubscriptionTest(string version = "2.0")
    {
        Version = Version.Parse(version);
        First = Instances.First.Client(Version);
        Second = Instances.Second.Client(Version);
    }

    protected Version Version { get; }

    protected string Stream { get; } = SharedServers.NewName();

    protected GatewayClient First { get; }

    protected GatewayClient Second { get; }

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }
}

/// <summary>An HTTP/1.1 subscriber on a bare socket, for what an HTTP client does not let one do.</summary>
internal sealed class SocketSubscriber : IDisposable
{
    // What a client that does not read takes nevertheless: the kernel's own choice goes up to 32 MiB, more than a test's whole backlog.
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
        ReceiveBufferSize = 128 * 1024,
    };

    /// <summary>Sends the request and reads the headers of the answer, byte by byte: what follows stays unread.</summary>
    public static async Task<SocketSubscriber> OpenAsync(Gateway gateway, string stream, string consumer, string query)
    {
        var subscriber = new SocketSubscriber();
        await subscriber._socket.ConnectAsync(IPAddress.Loopback, gateway.Dataplane.Port);
        await subscriber._socket.SendAsync(
            Encoding.ASCII.GetBytes($"GET /v1/data/stream/{stream}/consumer/{consumer}?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        var head = await subscriber.ReadUntilAsync("\r\n\r\n");
        Assert.That(head, Does.StartWith("HTTP/1.1 200 OK\r\n"));
        return subscriber;
    }

    public async Task<string> ReadUntilAsync(string end)
    {
        using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString(Math.Max(0, text.Length - end.Length), Math.Min(end.Length, text.Length))
            .Equals(end, StringComparison.Ordinal))
        {
            Assert.That(await _socket.ReceiveAsync(one, timeLimit.Token), Is.EqualTo(1), $"closed after: {text}");
            text.Append((char)one[0]);
        }

        return text.ToString();
    }

    /// <summary>Closes with a reset: the peer is told nothing but that.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Close();
    }

    public void Dispose() => _socket.Dispose();
}
