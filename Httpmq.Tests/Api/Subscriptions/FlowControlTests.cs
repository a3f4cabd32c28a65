using NATS.Client.JetStream.Models;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>Push consumers that others have made, with JetStream's flow control and heartbeats.</summary>
internal sealed class FlowControlTests : SubscriptionTest
{
    [Test]
    public async Task Deliver_BacklogBeyondTheWindow_ComesWholeBecauseRequestsAreAnswered()
    {
        const int Count = 10_000;
        await First.DefineStreamAsync(Stream, Stream);
        await Instances.FillAsync(Instances.Raw, Stream, Stream, Count, new byte[1024]);
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");

        var lines = await subscription.TakeAsync(Count);

        Assert.That(lines.Select(line => (int)line.StreamSequence), Is.EqualTo(Enumerable.Range(1, Count)));
    }

    [Test]
    public async Task Deliver_Heartbeats_AreNotForTheClient()
    {
        await First.DefineStreamAsync(Stream, Stream);
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");

        var silent = await subscription.IsSilentAsync(TimeSpan.FromSeconds(1));
        await First.PublishAsync(Stream, "message");

        var line = await subscription.NextAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(silent, Is.True);
            Assert.That((string?)line.Json["b64_msg"], Is.EqualTo("bWVzc2FnZQ=="), line.Json.ToJsonString());
        }
    }

    private async Task DefineAsync() => await Instances.JetStream.CreateOrUpdateConsumerAsync(Stream, new ConsumerConfig("c1")
    {
        DeliverSubject = $"_INBOX.{Stream}",
        AckPolicy = ConsumerConfigAckPolicy.Explicit,
        MaxAckPending = -1,
        FlowControl = true,
        IdleHeartbeat = TimeSpan.FromMilliseconds(200),
    });
}
