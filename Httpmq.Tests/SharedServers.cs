using Httpmq.Tests.Support;

namespace Httpmq.Tests;

/// <summary>One nats-server and one gateway for all tests that break neither.</summary>
[SetUpFixture]
internal sealed class SharedServers
{
    private static NatsServer? _nats;
    private static Gateway? _gateway;

    public static Gateway Gateway
    {
        get
        {
            ServerUnderTest.RequireCategory();
            return _gateway!;
        }
    }

    public static NatsServer Nats => _nats ?? throw new IgnoreException("needs its own nats-server, and a running pair was given");

    /// <summary>A name that no other test uses.</summary>
    public static string NewName(string prefix = "t") => $"{prefix}{Guid.NewGuid():N}"[..20];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _gateway = Gateway.Running();
        if (_gateway is null)
        {
            _nats = await ServerUnderTest.StartAsync();
            _gateway = await Gateway.StartAsync(_nats.Url);
        }

        using var client = _gateway.Client();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success
                && (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success,
            "a gateway that is ready");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        if (_nats is not null)
        {
            await _nats.DisposeAsync();
        }
    }
}
