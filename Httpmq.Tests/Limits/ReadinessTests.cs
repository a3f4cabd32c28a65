using System.Diagnostics;
using System.Net;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Httpmq.Tests.Limits;

/// <summary>Readiness is the truth of the moment, both ways within 2 s.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class ReadinessTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    [Test]
    public async Task Ready_NatsKilledAndStarted_FlipsWithinTwoSecondsBothWays()
    {
        await using var nats = await NatsServerProcess.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();

        await nats.KillAsync();
        await BecomesAsync(client, HttpStatusCode.ServiceUnavailable);
        await nats.StartAgainAsync();
        await BecomesAsync(client, HttpStatusCode.OK);
    }

    [Test]
    public async Task Ready_NatsFrozen_Is503WithinTwoSecondsAndAliveStays()
    {
        await using var nats = await NatsServerProcess.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();

        await nats.FreezeAsync();
        await BecomesAsync(client, HttpStatusCode.ServiceUnavailable);
        Assert.That((await client.DataAsync(HttpMethod.Get, "/v1/data/alive")).Success, Is.True);
        await nats.ThawAsync();
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
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Status == status, $"{status}", Longest);
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(Longest));
    }
}
