using System.Text.Json.Nodes;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>Delivered until acknowledged, as often as max_retry says, and within max_inflight.</summary>
internal sealed class RedeliveryTests : SubscriptionTest
{
    // Where something is acknowledged in time: long enough for a machine that is busy.
    private const long AckWait = 2_000_000_000;
    private const long ShortAckWait = 400_000_000;
    private static readonly TimeSpan LongerThanAckWait = TimeSpan.FromSeconds(2.5);

    private string Query => $"subject_name={Stream}";

    [Test]
    public async Task Deliver_MaxInflightReached_WaitsForAnAcknowledgement()
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 2 });
        await using var subscription = await First.SubscribeAsync(Stream, "c1", Query);
        await PublishAsync(4);

        var first = await subscription.TakeAsync(2);
        var silent = await subscription.IsSilentAsync(TimeSpan.FromMilliseconds(300));
        await First.AckAsync(Stream, "c1", first[0]);
        var third = await subscription.NextAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(silent, Is.True, "more than max_inflight were in flight");
            Assert.That(third.StreamSequence, Is.EqualTo(3));
        }
    }

    [TestCase(1)]
    [TestCase(3)]
    public async Task Deliver_NeverAcknowledged_ComesMaxRetryTimesAndThenTheNext(int maxRetry)
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 1, ["ack_wait"] = ShortAckWait, ["max_retry"] = maxRetry });
        await using var subscription = await First.SubscribeAsync(Stream, "c1", Query);
        await PublishAsync(2);

        var lines = await subscription.TakeAsync(2 * maxRetry);
        var silent = await subscription.IsSilentAsync(TimeSpan.FromSeconds(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines.Select(line => (int)line.StreamSequence), Is.EqualTo(
                Enumerable.Repeat(1, maxRetry).Concat(Enumerable.Repeat(2, maxRetry))));
            Assert.That(lines.Select(line => (int)line.ConsumerSequence), Is.EqualTo(Enumerable.Range(1, 2 * maxRetry)));
            Assert.That(silent, Is.True, "delivered more often than max_retry");
        }
    }

    [Test]
    public async Task Acknowledge_WithAnOlderConsumerSequence_EndsTheRedeliveries()
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 1, ["ack_wait"] = AckWait });
        await using var subscription = await First.SubscribeAsync(Stream, "c1", Query);
        await PublishAsync(1);

        var lines = await subscription.TakeAsync(2);
        await First.AckAsync(Stream, "c1", lines[0]);
        var silent = await subscription.IsSilentAsync(LongerThanAckWait);
        var consumer = await First.ConsumerAsync(Stream, "c1");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines[1].ConsumerSequence, Is.EqualTo(2));
            Assert.That(silent, Is.True);
            Assert.That((int)consumer["num_ack_pending"]!, Is.Zero);
        }
    }

    [Test]
    public async Task Acknowledge_ThroughTheOtherInstance_CountsAsAnyOther()
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 1, ["ack_wait"] = AckWait });
        await using var subscription = await First.SubscribeAsync(Stream, "c1", Query);
        await PublishAsync(2);

        await Second.AckAsync(Stream, "c1", await subscription.NextAsync());
        var second = await subscription.NextAsync();
        await Second.AckAsync(Stream, "c1", second);
        var silent = await subscription.IsSilentAsync(LongerThanAckWait);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(second.StreamSequence, Is.EqualTo(2));
            Assert.That(silent, Is.True);
        }
    }

    [Test]
    public async Task Acknowledge_WithNobodySubscribedAnyMore_CountsAsAnyOther()
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 1, ["ack_wait"] = AckWait });
        await PublishAsync(2);
        await using (var subscription = await First.SubscribeAsync(Stream, "c1", Query))
        {
            var line = await subscription.NextAsync();
            await subscription.DisposeAsync();
            await Second.AckAsync(Stream, "c1", line);
        }

        await using var next = await Second.SubscribeAsync(Stream, "c1", Query);

        Assert.That((await next.NextAsync()).StreamSequence, Is.EqualTo(2));
    }

    private async Task DefineAsync(JsonObject consumer)
    {
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", consumer);
    }

    private async Task PublishAsync(int count)
    {
        for (var i = 1; i <= count; i++)
        {
            await First.PublishAsync(Stream, $"message {i}");
        }
    }
}
