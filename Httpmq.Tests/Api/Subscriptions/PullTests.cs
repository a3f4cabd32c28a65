using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.JetStream.Models;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>A pull consumer behind a subscription: shared by any number, and never asked for more than was agreed.</summary>
internal sealed class PullTests : SubscriptionTest
{
    private string Query => $"subject_name={Stream}";

    [Test]
    public async Task Deliver_SubscribersOnTwoInstances_ShareTheMessages()
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 1000 });
        await using var one = await First.SubscribeAsync(Stream, "c1", $"{Query}&max_msg_inflight=5");
        await using var two = await First.SubscribeAsync(Stream, "c1", $"{Query}&max_msg_inflight=5");
        await using var three = await Second.SubscribeAsync(Stream, "c1", $"{Query}&max_msg_inflight=5");
        await Instances.FillAsync(Instances.Raw, Stream, Stream, 90, "m"u8.ToArray());

        var sequences = new List<int>();
        foreach (var stream in new[] { one, two, three })
        {
            while (!await stream.IsSilentAsync(TimeSpan.FromMilliseconds(300)))
            {
                sequences.Add((int)(await stream.NextAsync()).StreamSequence);
            }
        }

        Assert.That(sequences.Order(), Is.EqualTo(Enumerable.Range(1, 90)));
    }

    [TestCase(1)]
    [TestCase(10)]
    [TestCase(1000)]
    public async Task Ask_SubscriberThatDoesNotRead_GetsNoMoreThanWasAgreedAhead(int ahead)
    {
        // 64 KiB a message: the buffers on the way to the client are full after a few dozen.
        const int Count = 1500;
        await DefineAsync(new JsonObject { ["max_inflight"] = 10_000 });
        using var still = await SocketSubscriber.OpenAsync(Instances.First, Stream, "c1", $"{Query}&max_msg_inflight={ahead}");
        await Instances.FillAsync(Instances.Raw, Stream, Stream, Count, new byte[64 * 1024]);

        var pending = await SettledAsync(async () => (int)(await First.ConsumerAsync(Stream, "c1"))["num_ack_pending"]!);

        Assert.That(pending, Is.InRange(ahead, ahead + 250), "250 messages of this size do not fit into the buffers on the way");
    }

    [Test]
    public async Task Deliver_OneAhead_GoesThroughAllInOrder()
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 1000 });
        await Instances.FillAsync(Instances.Raw, Stream, Stream, 300, "m"u8.ToArray());
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"{Query}&max_msg_inflight=1");

        var lines = await subscription.TakeAsync(300);

        Assert.That(lines.Select(line => (int)line.StreamSequence), Is.EqualTo(Enumerable.Range(1, 300)));
    }

    [Test]
    public async Task Leave_WithMessagesAskedFor_TheyComeToTheNextAtOnce()
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 1000, ["ack_wait"] = 30_000_000_000 });
        await using (await First.SubscribeAsync(Stream, "c1", Query))
        {
            // It only asks: there is nothing yet.
        }

        await using var next = await Second.SubscribeAsync(Stream, "c1", Query);
        await Instances.FillAsync(Instances.Raw, Stream, Stream, 20, "m"u8.ToArray());

        Assert.That((await next.TakeAsync(20)).Select(line => (int)line.StreamSequence), Is.EqualTo(Enumerable.Range(1, 20)));
    }

    [Test]
    public async Task Deliver_AfterSeveralRequestsExpired_GoesOn()
    {
        await using var gateway = await Gateway.StartAsync(
            SharedServers.Nats.Url,
            configureNats: nats => nats with { PullExpires = TimeSpan.FromMilliseconds(400) });
        using var client = gateway.Client();
        await DefineAsync(new JsonObject { ["max_inflight"] = 100 });
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready");
        await using var subscription = await client.SubscribeAsync(Stream, "c1", Query);
        await First.PublishAsync(Stream, "before");
        var before = await subscription.NextAsync();

        var idle = await subscription.IsSilentAsync(TimeSpan.FromSeconds(2));
        await First.PublishAsync(Stream, "after");
        var after = await subscription.NextAsync();
        var waiting = (int)(await First.ConsumerAsync(Stream, "c1"))["num_waiting"]!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.Text, Is.EqualTo("before"));
            Assert.That(idle, Is.True);
            Assert.That(after.Text, Is.EqualTo("after"));
            Assert.That(waiting, Is.LessThanOrEqualTo(2), "requests pile up");
        }
    }

    [TestCase(10, 0)]
    [TestCase(0, 2)]
    [TestCase(3, 2)]
    public async Task Deliver_ConsumerThatLimitsRequests_IsAskedForLess(int maxBatch, int maxExpiresSeconds)
    {
        await First.DefineStreamAsync(Stream, Stream);
        await Instances.JetStream.CreateOrUpdateConsumerAsync(Stream, new ConsumerConfig("c1")
        {
            AckPolicy = ConsumerConfigAckPolicy.Explicit,
            MaxBatch = maxBatch,
            MaxExpires = TimeSpan.FromSeconds(maxExpiresSeconds),
        });
        await Instances.FillAsync(Instances.Raw, Stream, Stream, 100, "m"u8.ToArray());
        var before = (await Instances.JetStream.GetAccountInfoAsync()).Api.Total;
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"{Query}&max_msg_inflight=500");

        var lines = await subscription.TakeAsync(100);
        var idle = await subscription.IsSilentAsync(TimeSpan.FromMilliseconds(500));
        await First.PublishAsync(Stream, "later");
        var later = await subscription.NextAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines.Select(line => (int)line.StreamSequence), Is.EqualTo(Enumerable.Range(1, 100)));
            Assert.That(idle, Is.True);
            Assert.That(later.Text, Is.EqualTo("later"));
            Assert.That(before, Is.GreaterThanOrEqualTo(0));
        }
    }

    [Test]
    public async Task Ask_AsFarAheadAsCanBe_DoesNotAskForEachMessage()
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 1000 });
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"{Query}&max_msg_inflight=2147483647");
        for (var i = 0; i < 10; i++)
        {
            await First.PublishAsync(Stream, "m");
            await subscription.NextAsync();
        }

        Assert.That((int)(await First.ConsumerAsync(Stream, "c1"))["num_waiting"]!, Is.LessThanOrEqualTo(2), "requests pile up");
    }

    [Test]
    public async Task Ask_MoreSubscribersThanTheConsumerLetsWait_TheRestTakesTurns()
    {
        await First.DefineStreamAsync(Stream, Stream);
        await Instances.JetStream.CreateOrUpdateConsumerAsync(Stream, new ConsumerConfig("c1")
        {
            AckPolicy = ConsumerConfigAckPolicy.Explicit,
            MaxWaiting = 1,
        });
        await using var one = await First.SubscribeAsync(Stream, "c1", Query);
        await using var two = await First.SubscribeAsync(Stream, "c1", Query);
        var silent = await two.IsSilentAsync(TimeSpan.FromMilliseconds(500));
        await one.DisposeAsync();
        await First.PublishAsync(Stream, "for the second");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(silent, Is.True);
            Assert.That((await two.NextAsync()).Text, Is.EqualTo("for the second"));
        }
    }

    private async Task DefineAsync(JsonObject more)
    {
        more["mode"] = "pull";
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", more);
    }

    /// <summary>The value that a measurement settles at: the same three times in a row.</summary>
    private static async Task<int> SettledAsync(Func<Task<int>> measure)
    {
        var (last, same) = (-1, 0);
        await Eventually.HoldsAsync(
            async () =>
            {
                var now = await measure();
                same = now == last ? same + 1 : 0;
                last = now;
                return same == 10;
            },
            "a steady state");
        return last;
    }
}
