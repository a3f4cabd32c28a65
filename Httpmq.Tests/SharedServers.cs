using Httpmq.Tests.Support;

namespace Httpmq.Tests;

/// <summary>One nats-server and one gateway for all tests that break neither.</summary>
[SetUpFixture]
internal sealed class SharedServers
{
    private static NatsServerProcess? nats;
    private static Gateway? gateway;

    public static Gateway Gateway => gateway!;

    public static NatsServerProcess Nats => nats ?? throw new IgnoreException("needs its own nats-server, and a running pair was given");

    /// <summary>A name that no other test uses.</summary>
    public static string NewName(string prefix = "t") => $"{prefix}{Guid.NewGuid():N}"[..20];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        gateway = Gateway.Running();
        if (gateway is null)
        {
            nats = await NatsServerProcess.StartAsync();
            gateway = await Gateway.StartAsync(nats.Url);
        }

        using var client = gateway.Client();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success && (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success,
            "a gateway that is ready");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (gateway is not null)
        {
            await gateway.DisposeAsync();
        }

        if (nats is not null)
        {
            await nats.DisposeAsync();
        }
    }
}
