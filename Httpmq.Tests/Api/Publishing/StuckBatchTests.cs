using System.Net;
using Httpmq.Api.Http;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>Clients whose batches do not move: nobody else notices.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
internal sealed class StuckBatchTests
{
    private const string Record = """{"subject":"s","b64_msg":"aGk="}""";

    /// <summary>Far more outcomes than there are requests that may wait for JetStream.</summary>
    [Test]
    public async Task Outcomes_NobodyReadsThem_PublishesAndAcksAreServed()
    {
        const int Connections = 4;
        const int Batches = 5;
        const int Records = 1200;
        const int Window = 1024;
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        await DefineAsync(client);
        await client.PublishAsync("s", "first");
        await using var subscription = await client.SubscribeAsync("s", "c", "subject_name=s");
        var first = await subscription.NextAsync();

        var stuck = new List<StuckBatches>();
        try
        {
            for (var count = 0; count < Connections; count++)
            {
                stuck.Add(await StuckBatches.OpenAsync(gateway.Dataplane, Batches, Records, Record));
            }

            // Each batch fills its window, and more than the limit of all requests is stored.
            await Eventually.HoldsAsync(
                async () => (int)(await client.StreamAsync("s"))["state"]!["messages"]! > Connections * Batches * Window,
                "the windows of all batches full",
                TimeSpan.FromSeconds(30));
            var publish = await client.TryPublishAsync("s", [1]);
            var ack = await client.TryAckAsync("s", "c", first.StreamSequence, first.ConsumerSequence);

            using (Assert.EnterMultipleScope())
            {
                Assert.That(publish.Status, Is.EqualTo(HttpStatusCode.OK), publish.ToString());
                Assert.That(ack.Status, Is.EqualTo(HttpStatusCode.OK), ack.ToString());
                Assert.That(stuck.Sum(static batches => batches.Resets), Is.Zero, "the batches are not to be ended yet");
            }
        }
        finally
        {
            foreach (var batches in stuck)
            {
                await batches.DisposeAsync();
            }
        }
    }

    [Test]
    public async Task Outcomes_NobodyReadsThemForTheStallTimeout_BatchIsEnded()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats, new LimitSettings { StallTimeout = TimeSpan.FromSeconds(1) });
        using var client = gateway.Client();
        await DefineAsync(client);

        await using var stuck = await StuckBatches.OpenAsync(gateway.Dataplane, batches: 2, records: 4000, Record);

        await Eventually.HoldsAsync(() => stuck.Resets == 2 || stuck.Closed.IsCompleted, "both batches ended");
    }

    /// <summary>While JetStream says nothing, batches hold what they sent; what is left is for single publishes.</summary>
    [TestCase(1, 500)]
    [TestCase(1000, 10)]
    public async Task JetStreamSilent_BatchesUnderWay_SinglePublishesAreStillSent(int batches, int records)
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats, new LimitSettings { MaxInflightRequests = 64 });
        using var client = gateway.Client();
        await DefineAsync(client);
        await client.PublishAsync("s", "first");

        nats.Pause();
        await using var stuck = await StuckBatches.OpenAsync(gateway.Dataplane, batches, records, Record);
        await client.DataAsync(HttpMethod.Get, "/v1/data/alive");
        var publishes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.TryPublishAsync("s", [1])));
        nats.Resume();

        Assert.That(publishes.Select(static answer => answer.Status), Is.All.EqualTo(HttpStatusCode.GatewayTimeout), string.Join(
            '\n', publishes.Select(static answer => answer.ToString())));
        await Eventually.HoldsAsync(async () => (await client.TryPublishAsync("s", [1])).Success, "publishing again");
    }

    private static async Task DefineAsync(GatewayClient client)
    {
        await client.DefineStreamAsync("s", "s");
        await client.DefineConsumerAsync("s", "c", new System.Text.Json.Nodes.JsonObject { ["max_inflight"] = 1 });
    }
}
