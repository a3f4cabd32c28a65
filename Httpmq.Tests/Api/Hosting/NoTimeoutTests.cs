using System.Net.Sockets;
using System.Text;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>
/// 0 as a timeout means none. The clock of these tests is a second gateway with the shortest timeout there is: when it has closed its
/// connection, one that was opened before has lived longer than the bound.
/// </summary>
[Category(ServerUnderTest.Category)]
[Parallelizable(ParallelScope.All)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class NoTimeoutTests
{
    private const string Ask = "GET /v1/data/alive HTTP/1.1\r\nHost: localhost\r\n\r\n";

    // Kestrel looks at its timeouts once a second, and adds a second to each; an overflowing sum was over at the first look.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(3);

    [Test]
    public async Task IdleConnection_WithoutIdleTimeout_OutlivesOneThatHasIt()
    {
        await using var endless = await StartAsync(idle: null, read: Shortest);
        await using var impatient = await StartAsync(idle: Shortest, read: null);
        using var kept = await Connection.OpenAsync(endless.Dataplane);
        using var closed = await Connection.OpenAsync(impatient.Dataplane);

        Assert.That(await kept.AskAsync(Ask), Does.StartWith("HTTP/1.1 200"));
        Assert.That(await closed.AskAsync(Ask), Does.StartWith("HTTP/1.1 200"));
        await closed.IsClosedAsync();

        Assert.That(await kept.AskAsync(Ask), Does.StartWith("HTTP/1.1 200"));
    }

    [Test]
    public async Task HeadersInTwoHalves_WithoutReadTimeout_OutliveOnesThatHaveIt()
    {
        await using var endless = await StartAsync(idle: Shortest, read: null);
        await using var impatient = await StartAsync(idle: null, read: Shortest);
        using var kept = await Connection.OpenAsync(endless.Dataplane);
        using var closed = await Connection.OpenAsync(impatient.Dataplane);

        await kept.SendAsync(Ask[..^10]);
        await closed.SendAsync(Ask[..^10]);
        await closed.IsClosedAsync();

        Assert.That(await kept.AskAsync(Ask[^10..]), Does.StartWith("HTTP/1.1 200"));
    }

    [Test]
    public async Task FirstByte_WithoutReadTimeout_MayComeLate()
    {
        await using var endless = await StartAsync(idle: Shortest, read: null);
        await using var impatient = await StartAsync(idle: null, read: Shortest);
        using var kept = await Connection.OpenAsync(endless.Dataplane);
        using var closed = await Connection.OpenAsync(impatient.Dataplane);

        await closed.IsClosedAsync();

        Assert.That(await kept.AskAsync(Ask), Does.StartWith("HTTP/1.1 200"));
    }

    [Test]
    public async Task Subscription_QuietLongerThanAllTimeouts_IsNotCut([Values("1.1", "2.0")] string version)
    {
        await using var gateway = await Gateway.StartAsync(
            SharedServers.Nats.Url,
            server => server with { IdleTimeout = Shortest, ReadTimeout = Shortest, WriteTimeout = TimeSpan.FromSeconds(1) });
        using var client = gateway.Client(Version.Parse(version));
        await OwnGateway.IsReadyAsync(client);
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c");
        await using var subscription = await client.SubscribeAsync(stream, "c", $"subject_name={stream}");
        using var idle = await Connection.OpenAsync(gateway.Dataplane);

        Assert.That(await idle.AskAsync(Ask), Does.StartWith("HTTP/1.1 200"));
        await idle.IsClosedAsync();

        await client.PublishAsync(stream, "after");
        Assert.That((await subscription.NextAsync()).Text, Is.EqualTo("after"));
    }

    private static Task<Gateway> StartAsync(TimeSpan? idle, TimeSpan? read) =>
        Gateway.StartAsync(SharedServers.Nats.Url, server => server with { IdleTimeout = idle, ReadTimeout = read });

    private sealed class Connection : IDisposable
    {
        private readonly TcpClient _client = new();
        private readonly byte[] _buffer = new byte[4096];

        public static async Task<Connection> OpenAsync(Uri server)
        {
            var connection = new Connection();
            await connection._client.ConnectAsync(server.Host, server.Port);
            return connection;
        }

        public Task SendAsync(string text) => _client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();

        public async Task<string> AskAsync(string text)
        {
            await SendAsync(text);
            var length = await _client.GetStream().ReadAsync(_buffer).AsTask().WaitAsync(Eventually.TimeLimit);
            return Encoding.ASCII.GetString(_buffer, 0, length);
        }

        /// <summary>Waits until the server closes it, whatever it says before.</summary>
        public async Task IsClosedAsync()
        {
            try
            {
                while (await _client.GetStream().ReadAsync(_buffer).AsTask().WaitAsync(Eventually.TimeLimit) > 0)
                {
                }
            }
            catch (IOException)
            {
                // A reset is an end as well.
            }
        }

        public void Dispose() => _client.Dispose();
    }
}
