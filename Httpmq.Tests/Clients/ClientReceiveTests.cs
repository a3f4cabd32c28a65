using System.Text;
using Httpmq.Client;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Clients;

/// <summary>Pulls, sessions and settling of the C# client.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ClientReceiveTests : ClientTest
{
    [Test]
    public async Task Pull_OfWhatIsThere_CanBeSettledByEachVerb()
    {
        for (var i = 1; i <= 4; i++)
        {
            await PublishAsync($"{i}");
        }

        var messages = await Client.Dataplane.PullAsync(
            Stream, Consumer, new PullOptions { Batch = 4, Expires = Eventually.TimeLimit });
        await messages[0].AcknowledgeAsync();
        await messages[1].NakAsync(TimeSpan.FromMilliseconds(1));
        await messages[2].TermAsync(Reason);
        await messages[3].ProgressAsync();
        var again = await Client.Dataplane.PullAsync(
            Stream, Consumer, new PullOptions { Batch = 1, Expires = Eventually.TimeLimit });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(messages.Select(static message => Text(message.Data)), Is.EqualTo(new[] { "1", "2", "3", "4" }));
            Assert.That(messages.Select(static message => message.Deliveries), Is.All.EqualTo(1));
            Assert.That(messages[0].Time, Is.Not.Null);
            Assert.That(
                again.Select(static message => (message.StreamSequence, message.Deliveries)), Is.EqualTo(new[] { (2UL, (ulong?)2) }));
        }
    }

    [Test]
    public async Task Pull_OfAnEmptyConsumer_IsEmpty() => Assert.That(
        await Client.Dataplane.PullAsync(Stream, Consumer, new PullOptions { NoWait = true }), Is.Empty);

    [Test]
    public async Task Subscribe_ToMessages_HasTheirHeadersAndDeliveries()
    {
        await PublishAsync("1", new PublishOptions { Headers = { ["Trace-Id"] = "7" } });
        using var limit = TimeLimit();

        var message = await Client.Dataplane.SubscribeAsync(Stream, Consumer, cancellationToken: limit.Token).FirstAsync(limit.Token);

        Assert.That((message.Headers["Trace-Id"].Single(), message.Deliveries, message.Pending), Is.EqualTo(("7", 1, 0)));
    }

    [TestCase("2.0")]
    [TestCase("1.1")]
    public async Task Session_WithCredit_GetsNoMoreAndSettlesOnTheSameConnection(string version)
    {
        Client.Dataplane.ProtocolVersion = Version.Parse(version);
        for (var i = 1; i <= 3; i++)
        {
            await PublishAsync($"{i}", new PublishOptions { Headers = { ["Number"] = $"{i}" } });
        }

        using var limit = TimeLimit();
        await using var session = await Client.Dataplane.OpenSessionAsync(
            Stream, Consumer, new SessionOptions { Credit = 1 }, limit.Token);
        await using var messages = session.ReadAllAsync(limit.Token).GetAsyncEnumerator(limit.Token);

        await messages.MoveNextAsync();
        var first = messages.Current;
        await first.AcknowledgeAsync(limit.Token);
        var next = messages.MoveNextAsync();
        var early = next.IsCompleted;
        await session.GiveCreditAsync(2, limit.Token);
        await next;
        await messages.Current.NakAsync(TimeSpan.FromMinutes(1), limit.Token);
        await messages.MoveNextAsync();
        await messages.Current.TermAsync(Reason, limit.Token);
        var consumer = (await Client.Management.GetConsumerAsync(Stream, Consumer)).Consumer;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((Text(first.Data), first.Headers["Number"].Single(), first.Deliveries), Is.EqualTo(("1", "1", 1)));
            Assert.That(early, Is.False);
            Assert.That(Text(messages.Current.Data), Is.EqualTo("3"));
            Assert.That((consumer.AckFloor.StreamSeq, consumer.NumAckPending), Is.EqualTo((1, 1)));
        }
    }

    [Test]
    public async Task Settle_WhatTheGatewayRefuses_ThrowsAndTheSessionGoesOn()
    {
        await PublishAsync("1");
        await PublishAsync("2");
        using var limit = TimeLimit();
        var pulled = (await Client.Dataplane.PullAsync(Stream, Consumer)).Single();
        await using var session = await Client.Dataplane.OpenSessionAsync(Stream, Consumer, cancellationToken: limit.Token);
        var received = await session.ReadAllAsync(limit.Token).FirstAsync(limit.Token);

        var inSession = Assert.ThrowsAsync<HttpmqSettlementException>(() => received.NakAsync(TimeSpan.FromSeconds(-1), limit.Token))!;
        var byRequest = Assert.CatchAsync<HttpmqException>(() => pulled.NakAsync(TimeSpan.FromSeconds(-1), limit.Token))!;
        await received.AcknowledgeAsync(limit.Token);

        Assert.That((inSession.Error!.Code, byRequest.Error!.Code), Is.EqualTo((400, 400)));
    }

    [Test]
    public async Task Session_ConsumerDeleted_EndsWithTheReason()
    {
        using var limit = TimeLimit();
        await using var session = await Client.Dataplane.OpenSessionAsync(Stream, Consumer, cancellationToken: limit.Token);
        await Client.Management.DeleteConsumerAsync(Stream, Consumer);

        var end = Assert.ThrowsAsync<HttpmqSubscriptionEndedException>(async () => await session.ReadAllAsync(limit.Token).FirstAsync())!;
        var late = Assert.ThrowsAsync<HttpmqSubscriptionEndedException>(async () =>
        {
            while (true)
            {
                await session.GiveCreditAsync(1, limit.Token);
            }
        })!;

        Assert.That((end.StatusCode, end.Error!.Type), Is.EqualTo((404, "consumer-deleted")));
        Assert.That(late.Error!.Type, Is.EqualTo("consumer-deleted"));
    }

    [TestCase("2.0")]
    [TestCase("1.1")]
    public void Session_OfNoConsumer_IsRefused(string version)
    {
        Client.Dataplane.ProtocolVersion = Version.Parse(version);

        var refusal = Assert.CatchAsync<HttpmqException>(() => Client.Dataplane.OpenSessionAsync(Stream, "nobody"))!;

        Assert.That(refusal.StatusCode, Is.EqualTo(404));
    }

    [Test]
    public async Task Session_Disposed_EndsItsEnumeration()
    {
        using var limit = TimeLimit();
        var session = await Client.Dataplane.OpenSessionAsync(Stream, Consumer, cancellationToken: limit.Token);
        var reading = session.ReadAllAsync(limit.Token).CountAsync(limit.Token);

        await session.DisposeAsync();

        Assert.That(await reading, Is.Zero);
    }
}
