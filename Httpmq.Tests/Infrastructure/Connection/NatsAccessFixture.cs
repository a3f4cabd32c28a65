using System.Net;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>A nats-server that demands something, and gateways in front of it; everything is gone afterwards.</summary>
[Category(ServerUnderTest.Category)]
internal abstract class NatsAccessFixture
{
    private readonly List<IAsyncDisposable> _started = [];

    protected string Folder { get; private set; } = "";

    [SetUp]
    public void MakeFolder() => Folder = Directory.CreateTempSubdirectory("httpmq-access-").FullName;

    [TearDown]
    public async Task StopAsync()
    {
        foreach (var started in Enumerable.Reverse(_started))
        {
            await started.DisposeAsync();
        }

        _started.Clear();
        Directory.Delete(Folder, recursive: true);
    }

    protected string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Starts a nats-server, whether or not it says a word before TLS.</summary>
    protected async Task<NatsServer> ServeAsync(string configuration)
    {
        ServerUnderTest.RequireCategory();
        var server = new NatsServer(ServerUnderTest.Executable, ["-js", "-c", Write("nats-server.conf", configuration)]);
        _started.Add(server);
        await StartAsync(server);
        return server;
    }

    protected static async Task StartAsync(NatsServer server)
    {
        server.Start();
        await Eventually.HoldsAsync(
            () => server.HasExited || server.Errors.Contains("Server is ready", StringComparison.Ordinal), "nats-server is ready");
        Assert.That(server.IsRunning, Is.True, server.Errors);
    }

    /// <summary>Starts a gateway, which may be ready at some time or never.</summary>
    protected async Task<GatewayClient> StartGatewayAsync(string url, Func<NatsOptions, NatsOptions> configure)
    {
        var gateway = await Gateway.StartAsync(url, configureNats: configure);
        _started.Add(gateway);
        var client = gateway.Client();
        _started.Add(new Closing(client));
        return client;
    }

    /// <summary>All connections of the gateway do what they are for: definitions, publishes, deliveries, acknowledgements.</summary>
    protected static async Task WorksAsync(GatewayClient client)
    {
        await OwnGateway.IsReadyAsync(client);
        var name = SharedServers.NewName();
        await client.DefineStreamAsync(name, $"{name}.>");
        await client.DefineConsumerAsync(name, "c");
        await using var subscription = await client.SubscribeAsync(name, "c", $"?subject_name={name}.>");
        await client.PublishAsync($"{name}.a", "hello");
        var line = await subscription.NextAsync();
        Assert.That(line.Text, Is.EqualTo("hello"));
        await client.AckAsync(name, "c", line);
    }

    /// <summary>Waits until the gateway says why it has no connection.</summary>
    protected static async Task<string> ProblemAsync(GatewayClient client, string says)
    {
        var last = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                var answer = await client.DataAsync(HttpMethod.Get, "/v1/data/ready");
                last = answer.ToString();
                return answer.Status is HttpStatusCode.ServiceUnavailable && answer.Detail.Contains(says, StringComparison.Ordinal);
            },
            () => $"not ready, because {says}; last: {last}");
        return last;
    }

    private sealed class Closing(GatewayClient client) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
