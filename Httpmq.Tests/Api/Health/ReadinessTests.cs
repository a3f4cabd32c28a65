using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Httpmq.Tests.Api.Health;

/// <summary>Readiness is the truth of the moment, both ways within 2 s.</summary>
[Parallelizable(ParallelScope.All)]
[Category(ServerUnderTest.Category)]
internal sealed class ReadinessTests
{
    // Two seconds are what users are told; the rest is for a machine that stands still meanwhile. What this guards against takes 15 s.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    [Test]
    public async Task Ready_NatsKilledAndStarted_FlipsWithinTwoSecondsBothWays()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();

        await nats.KillAsync();
        await BecomesAsync(client, HttpStatusCode.ServiceUnavailable);
        await nats.StartAgainAsync();
        await BecomesAsync(client, HttpStatusCode.OK);
    }

    /// <summary>The pause between attempts is for servers that are away, not for one that is back.</summary>
    [Test]
    public async Task Ready_PauseBetweenAttemptsIsLong_StillFlipsWithinTwoSeconds()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await nats.KillAsync();
        await using var gateway = await Gateway.StartAsync(
            nats.Url, configureNats: static options => options with { ReconnectWait = TimeSpan.FromMinutes(1) });
        using var client = gateway.Client();

        await BecomesAsync(client, HttpStatusCode.ServiceUnavailable);
        await nats.StartAgainAsync();
        await BecomesAsync(client, HttpStatusCode.OK);
        await nats.KillAsync();
        await BecomesAsync(client, HttpStatusCode.ServiceUnavailable);
        await nats.StartAgainAsync();
        await BecomesAsync(client, HttpStatusCode.OK);
    }

    /// <summary>Several servers, because then they are looked at by address.</summary>
    [TestCase("--user bob --pass s3cret", "bob:s3cret@")]
    [TestCase("--auth t0ken", "t0ken@")]
    public async Task Ready_NatsWantsToKnowWho_CredentialsOfTheAddressAreUsed(string arguments, string credentials)
    {
        await using var nats = await ServerUnderTest.StartAsync(arguments.Split(' '));
        var url = nats.Url.Replace("nats://", $"nats://{credentials}", StringComparison.Ordinal);
        await using var gateway = await Gateway.StartAsync($"{url},nats://{credentials}127.0.0.1:1");
        using var client = gateway.Client();

        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready");
    }

    /// <summary>As a frozen member of a cluster: it takes connections and says nothing.</summary>
    [Test]
    public async Task Ready_SomeServersAreSilent_TheOneThatAnswersIsTaken()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        var servers = string.Join(',', $"nats://{first.LocalEndpoint}", $"nats://{second.LocalEndpoint}", nats.Url);
        await using var gateway = await Gateway.StartAsync(
            servers,
            configureNats: static options =>
                options with { ReconnectWait = TimeSpan.FromMinutes(1), ConnectTimeout = TimeSpan.FromMinutes(1) });
        using var client = gateway.Client();

        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready");
    }

    [Test]
    public async Task Ready_NatsFrozen_Is503WithinTwoSecondsAndAliveStays()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();

        nats.Pause();
        await BecomesAsync(client, HttpStatusCode.ServiceUnavailable);
        Assert.That((await client.DataAsync(HttpMethod.Get, "/v1/data/alive")).Success, Is.True);
        nats.Resume();
        await BecomesAsync(client, HttpStatusCode.OK);
    }

    [Test]
    public async Task Ready_Draining_Is503WhileAliveAnswers()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats);
        using var client = gateway.Client();

        // The first step of a shutdown; connections are still served.
        gateway.DataplaneServices.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        var ready = await client.DataAsync(HttpMethod.Get, "/v1/data/ready");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ready.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), ready.ToString());
            Assert.That(ready.Response.Headers.RetryAfter, Is.Not.Null);
            Assert.That((await client.DataAsync(HttpMethod.Get, "/v1/data/alive")).Success, Is.True);
        }
    }

    private static async Task BecomesAsync(GatewayClient client, HttpStatusCode status)
    {
        var start = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Status == status, $"{status}", Longest);
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(Longest));
    }
}
