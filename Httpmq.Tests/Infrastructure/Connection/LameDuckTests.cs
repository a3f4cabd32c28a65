using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>
/// A nats-server that was asked to leave (lame duck mode, SIGUSR2) closes its connections 10 s later, or 2 s where it is a cluster's; from
/// 2.10 on its JetStream is away at once.
/// </summary>
[Category(ServerUnderTest.Category)]
internal sealed class LameDuckTests
{
    // The wait for a JetStream that says nothing is 4 s; nobody is to wait for one that said it goes.
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(2.5);

    [TestCase(true, TestName = "Publish_NodeOfAClusterLeaves_GoesOnThroughAnother")]
    [TestCase(false, TestName = "Publish_NodeLeavesAndOnlyItIsConfigured_GoesOnThroughOneThatItNamed")]
    public async Task NodeLeaves(bool allConfigured)
    {
        await using var cluster = await ServerUnderTest.StartClusterAsync();
        await using var gateway = await Gateway.StartAsync(allConfigured ? cluster.Url : cluster.Nodes[0].Url);
        using var client = gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        await DefineReplicatedAsync(client);
        await client.DefineConsumerAsync("s", "c", new JsonObject { ["max_inflight"] = 1_000_000 });
        await using var subscription = await client.SubscribeAsync("s", "c", "subject_name=s");
        var link = gateway.DataplaneServices.GetRequiredService<RequestLink>();
        var deliveries = gateway.DataplaneServices.GetRequiredService<DeliveryLink>();
        var left = new HashSet<int> { PortOf(link), PortOf(deliveries) };

        using var enough = new CancellationTokenSource();
        var stored = new ConcurrentBag<ulong>();
        var slowest = new ConcurrentBag<TimeSpan>();
        var publishing = Enumerable.Range(0, 4).Select(_ => PublishUntilAsync(client, stored, slowest, enough.Token)).ToArray();
        await Eventually.HoldsAsync(() => stored.Count > 100, "publishes");
        cluster.At(PortOf(link)).EnterLameDuckMode();
        if (PortOf(deliveries) is var other && left.Count == 2)
        {
            // One after the other: two of three at once would leave no majority.
            left.Remove(other);
        }

        await Eventually.HoldsAsync(() => link.IsOpen && deliveries.IsOpen && !left.Contains(PortOf(link))
            && !left.Contains(PortOf(deliveries)), "both connections at other nodes", TimeSpan.FromSeconds(8));
        var before = stored.Count;
        await Eventually.HoldsAsync(() => stored.Count > before + 100, "publishes through another node");
        await enough.CancelAsync();
        await Task.WhenAll(publishing);

        var state = (await client.StreamAsync("s"))["state"]!;
        var last = stored.Max();
        ulong delivered = 0;
        while (delivered < last)
        {
            delivered = Math.Max(delivered, (await subscription.NextAsync(TimeSpan.FromSeconds(40))).StreamSequence);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(stored, Is.Unique);
            Assert.That((ulong)state["last_seq"]!, Is.GreaterThanOrEqualTo(last), "a message that was answered with 200 is gone");
            Assert.That((ulong)state["messages"]!, Is.EqualTo((ulong)state["last_seq"]!), "messages are missing in between");
            Assert.That(slowest.Max(), Is.LessThan(LongestAnswer));
        }
    }

    [Test]
    public async Task Publish_TheOnlyServerLeaves_IsRefusedAtOnceOrServedUntilTheCut()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        await client.DefineStreamAsync("s", "s");
        await client.PublishAsync("s", "first");

        nats.EnterLameDuckMode();
        if (!ServerUnderTest.Facts.StopsJetStreamInLameDuckMode)
        {
            // 2.9: JetStream is there until the connections are closed.
            for (var count = 0; count < 20; count++)
            {
                await client.PublishAsync("s", "meanwhile");
            }

            Assert.That((await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Status, Is.EqualTo(HttpStatusCode.OK));
        }
        else
        {
            await Eventually.HoldsAsync(async () =>
                (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Status == HttpStatusCode.ServiceUnavailable, "not ready");
            var start = Stopwatch.GetTimestamp();
            var answer = await client.TryPublishAsync("s", [1]);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), answer.ToString());
                Assert.That(answer.Detail, Does.Contain("lame duck").And.Contain("nothing was stored"));
                Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(LongestAnswer));
            }
        }

        await nats.KillAsync();
        await nats.StartAgainAsync();
        await OwnGateway.IsReadyAsync(client);
        Assert.That((await client.TryPublishAsync("s", [1])).Success, Is.True);
    }

    private static int PortOf(NatsLink link) => link.Connection.ServerInfo!.Port;

    private static async Task DefineReplicatedAsync(GatewayClient client)
    {
        await Eventually.HoldsAsync(
            async () => (await client.ManageAsync(HttpMethod.Post, "/v1/admin/stream", """{"name":"s","replicas":3}""")).Success,
            "a stream of three copies");
        await Eventually.HoldsAsync(async () => (await client.TryPublishAsync("s", [1])).Success, "a leader");
    }

    private static async Task PublishUntilAsync(
        GatewayClient client, ConcurrentBag<ulong> stored, ConcurrentBag<TimeSpan> took, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            var answer = await client.TryPublishAsync("s", [1, 2, 3]);
            took.Add(Stopwatch.GetElapsedTime(start));
            if (answer.Success)
            {
                stored.Add((ulong)answer.Body["sequence"]!);
            }
        }
    }
}
