using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>What every way to receive keeps, whatever its bytes look like, over real sockets.</summary>
[TestFixtureSource(typeof(DeliveryWay), nameof(DeliveryWay.All))]
internal sealed class DeliveryCompliance(DeliveryWay way) : SubscriptionTest
{
    [Test]
    public async Task Deliver_Many_ComeInOrderAndAreAcknowledged()
    {
        await DefineAsync();
        await using var receiver = await OpenAsync();
        for (var message = 1; message <= 20; message++)
        {
            await First.PublishAsync(Stream, $"{message}");
        }

        var deliveries = await receiver.TakeAsync(20);
        foreach (var delivery in deliveries)
        {
            await receiver.AckAsync(delivery);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(deliveries.Select(SequenceOf), Is.EqualTo(Enumerable.Range(1, 20)));
            Assert.That(deliveries.Select(one => Convert.FromBase64String((string)one["b64_msg"]!)[0]), Is.EqualTo(
                Enumerable.Range(1, 20).Select(message => (byte)$"{message}"[0])));
            Assert.That((int)(await First.ConsumerAsync(Stream, "c"))["ack_floor"]!["stream_seq"]!, Is.EqualTo(20));
        }
    }

    [Test]
    public async Task Deliver_NotAcknowledged_ComesAgainAndTheOthersDoNot()
    {
        await DefineAsync(new JsonObject { ["ack_wait"] = "1s" });
        await using var receiver = await OpenAsync("metadata=true");
        await First.PublishAsync(Stream, "one");
        await First.PublishAsync(Stream, "two");

        var both = await receiver.TakeAsync(2);
        await receiver.AckAsync(both[1]);
        var again = await receiver.NextAsync();
        await receiver.AckAsync(again);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((SequenceOf(again), (int)again["deliveries"]!), Is.EqualTo((1, 2)));
            Assert.That((int)again["sequence"]!["consumer"]!, Is.EqualTo(3));
            Assert.That((int)(await First.ConsumerAsync(Stream, "c"))["num_ack_pending"]!, Is.Zero);
        }
    }

    [Test]
    public async Task Deliver_Headers_ComeAsTheyWere()
    {
        await DefineAsync();
        await using var receiver = await OpenAsync("metadata=true");
        await Instances.Raw.PublishAsync(Stream, "x", new NatsHeaders { ["Trace-Id"] = new(["1", "{\"data: "]), ["b"] = "ünï: 😀" });

        var delivery = await receiver.NextAsync();

        Assert.That(delivery["headers"]!.ToJsonString(), Is.EqualTo(
            new JsonObject { ["Trace-Id"] = new JsonArray("1", "{\"data:"), ["b"] = new JsonArray("ünï: 😀") }.ToJsonString()));
    }

    [TestCase(0)]
    [TestCase(256)]
    [TestCase(1024 * 1024)]
    public async Task Deliver_AnyBytes_ComeAsTheyWere(int size)
    {
        await DefineAsync();
        var payload = Enumerable.Range(0, size).Select(value => (byte)value).ToArray();
        await using var receiver = await OpenAsync();
        await Instances.Raw.RequestAsync<byte[], string>(Stream, payload);
        await First.PublishAsync(Stream, "after");

        var both = await receiver.TakeAsync(2);

        Assert.That(Convert.FromBase64String((string)both[0]["b64_msg"]!).AsSpan().SequenceEqual(payload), Is.True);
        Assert.That((string)both[1]["b64_msg"]!, Is.EqualTo(Convert.ToBase64String("after"u8)));
    }

    /// <summary>More than the sockets and the windows of HTTP/2 hold.</summary>
    [Test]
    public async Task Read_LateAndSlowly_GetsAllInOrder()
    {
        const int Count = 200;
        await DefineAsync(new JsonObject { ["max_inflight"] = 1000 });
        await using var receiver = await OpenAsync();
        await Instances.FillAsync(Instances.Raw, Stream, Stream, Count, new byte[64 * 1024]);
        await Eventually.HoldsAsync(
            async () => (int)(await First.ConsumerAsync(Stream, "c"))["num_ack_pending"]! == Count,
            "all sent to a client that does not read");

        var deliveries = await receiver.TakeAsync(Count);

        Assert.That(deliveries.Select(SequenceOf), Is.EqualTo(Enumerable.Range(1, Count)));
    }

    [Test]
    public async Task Leave_InTheMiddleOfAMessage_TheNextGetsItWhole()
    {
        await DefineAsync(new JsonObject { ["ack_wait"] = "2s" });
        var payload = new byte[1_000_000];
        payload[^1] = 7;
        await Instances.Raw.PublishAsync(Stream, payload);
        await using (var gone = await OpenAsync())
        {
            await gone.VanishAfterAsync(1000);
        }

        await using var next = await OpenAsync();
        var delivery = await next.NextAsync();
        await next.AckAsync(delivery);

        Assert.That(Convert.FromBase64String((string)delivery["b64_msg"]!).AsSpan().SequenceEqual(payload), Is.True);
    }

    [TestCase("/consumer/c", "consumer-deleted")]
    [TestCase("", "consumer-deleted|stream-deleted")]
    public async Task Delete_WhileSomebodyReceives_EndsItWithTheReason(string what, string types)
    {
        await DefineAsync();
        await using var receiver = await OpenAsync();
        await First.PublishAsync(Stream, "one");
        await receiver.NextAsync();

        await First.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{Stream}{what}");
        var end = await receiver.EndAsync();

        Assert.That((int)end["code"]!, Is.EqualTo(404));
        Assert.That((string)end["type"]!, Is.AnyOf([.. types.Split('|').Cast<object>()]));
    }

    [Test]
    public async Task Silence_WithHeartbeats_HasSignsOfLife()
    {
        if (!way.HasHeartbeats)
        {
            Assert.Pass("v1's lines have none");
        }

        await DefineAsync();
        await using var receiver = await OpenAsync("heartbeat=1s");

        await receiver.SignAsync();
        await receiver.SignAsync();
        await First.PublishAsync(Stream, "one");

        Assert.That(SequenceOf(await receiver.NextAsync()), Is.EqualTo(1));
    }

    private static int SequenceOf(JsonNode delivery) => (int)delivery["sequence"]!["stream"]!;

    private async Task DefineAsync(JsonObject? more = null)
    {
        await First.DefineStreamAsync(Stream, Stream);
        more ??= [];
        more["mode"] = "pull";
        await First.DefineConsumerAsync(Stream, "c", more);
    }

    private Task<Receiver> OpenAsync(string query = "") => way.OpenAsync(Instances.Second, Stream, "c", query);
}

/// <summary>The same of all ways at once, where a nats-server or a gateway stops.</summary>
[Parallelizable(ParallelScope.All)]
[Category(ServerUnderTest.Category)]
internal sealed class DeliveryOutageCompliance
{
    [Test]
    public async Task Restart_OfNats_EveryWayGoesOn()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        var receivers = await OpenAllAsync(gateway, client);
        await client.PublishAsync("s", "before");
        await TakeOneOfEachAsync(receivers, 1);

        await nats.StopAsync();
        await nats.StartAgainAsync();
        await Eventually.HoldsAsync(
            async () => (await client.TryPublishAsync("s", "after"u8.ToArray())).Success, "a message after the restart");

        await TakeOneOfEachAsync(receivers, 2);
        await CloseAsync(receivers);
    }

    [Test]
    public async Task Stop_OfTheGateway_EveryWayIsToldAndEnds()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats);
        using var client = gateway.Client();
        var stream = SharedServers.NewName();
        var receivers = await OpenAllAsync(gateway, client, stream);
        await client.PublishAsync(stream, "before");
        await TakeOneOfEachAsync(receivers, 1);

        var stopping = gateway.StopDataplaneAsync();
        var ends = await Task.WhenAll(receivers.Select(static receiver => receiver.EndAsync()));

        Assert.That(ends.Select(static end => (string)end["type"]!), Is.All.EqualTo("server-stopping"));
        await CloseAsync(receivers);
        await stopping.WaitAsync(Eventually.TimeLimit);
    }

    private static async Task<Receiver[]> OpenAllAsync(Gateway gateway, GatewayClient client, string stream = "s")
    {
        await client.DefineStreamAsync(stream, stream);
        return await Task.WhenAll(DeliveryWay.All.Select(async (way, index) =>
        {
            await client.DefineConsumerAsync(stream, $"c{index}", new JsonObject { ["mode"] = index % 2 == 0 ? "push" : "pull" });
            return await way.OpenAsync(gateway, stream, $"c{index}");
        }));
    }

    private static async Task TakeOneOfEachAsync(Receiver[] receivers, int sequence)
    {
        var deliveries = await Task.WhenAll(receivers.Select(async receiver =>
        {
            // What was not acknowledged may come again.
            var delivery = await receiver.NextAsync();
            while ((int)delivery["sequence"]!["stream"]! < sequence)
            {
                delivery = await receiver.NextAsync();
            }

            return (int)delivery["sequence"]!["stream"]!;
        }));
        Assert.That(deliveries, Is.All.EqualTo(sequence));
    }

    private static async Task CloseAsync(Receiver[] receivers)
    {
        foreach (var receiver in receivers)
        {
            await receiver.DisposeAsync();
        }
    }
}
