using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Acknowledgements of a young consumer with copies.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
internal sealed class ClusterAcknowledgementTests
{
    [Test]
    public async Task Ack_SwappedOrFarBeyond_Is404SoonAfterTheConsumerWasDefined()
    {
        await using var cluster = await ServerUnderTest.StartClusterAsync();
        await using var gateway = await Gateway.StartAsync(cluster.Url);
        using var client = gateway.Client();
        await Eventually.HoldsAsync(
            async () =>
                (await client.ManageAsync(HttpMethod.Post, "/v1/admin/stream", """{"name":"s","subjects":["s.>"],"replicas":3}""")).Success,
            "a stream on the cluster",
            TimeSpan.FromSeconds(60));
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "the dataplane ready");
        for (var number = 0; number < 6; number++)
        {
            await Eventually.HoldsAsync(
                async () => (await client.TryPublishAsync(number < 5 ? "s.a" : "s.b", [1])).Success, "a message that is stored");
        }

        await client.DefineConsumerAsync("s", "c", new JsonObject { ["filter_subject"] = "s.b" });
        await using var subscription = await client.SubscribeAsync("s", "c", "subject_name=s.b");
        var line = await subscription.NextAsync();
        Assert.That((line.StreamSequence, line.ConsumerSequence), Is.EqualTo((6UL, 1UL)));

        var far = await client.TryAckAsync("s", "c", 1, 123456);
        var swapped = await client.TryAckAsync("s", "c", 1, 6);
        var right = await client.TryAckAsync("s", "c", 6, 1);

        // Before 2.12.3 nobody says that there was no leader before this one.
        var certain = ServerUnderTest.Facts.HasStableConsumerCreated;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(far.Detail, Does.Contain("did you swap"), far.ToString());
            Assert.That(
                swapped.Status, Is.EqualTo(certain ? HttpStatusCode.NotFound : HttpStatusCode.ServiceUnavailable), swapped.ToString());
            Assert.That(swapped.Detail, Does.Contain(certain ? "did you swap" : "another leader"));
            Assert.That(right.Status, Is.EqualTo(HttpStatusCode.OK), right.ToString());
        }
    }
}
