using System.Net;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Infrastructure.Requests;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;

namespace Httpmq.Tests.Infrastructure.Requests;

/// <summary>The subscriptions on which JetStream's answers and advisories come may end; they come again, and ready tells.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
internal sealed class LostSubscriptionTests
{
    private NatsServer _nats = null!;
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _nats = await ServerUnderTest.StartAsync();
        _gateway = await OwnGateway.StartAsync(_nats);
        _client = _gateway.Client();
        await _client.DefineStreamAsync("s", "s");
        await _client.PublishAsync("s", "first");
    }

    [TearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
        await _nats.DisposeAsync();
    }

    /// <summary>As the client library does when receiving fails.</summary>
    [Test]
    public async Task Answers_SubscriptionEnds_PublishingGoesOn()
    {
        var dead = Pipeline.Subscription!;
        await dead.UnsubscribeAsync();

        var publish = await _client.TryPublishAsync("s", [1]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(publish.Success, Is.True, publish.ToString());
            Assert.That(Pipeline.Subscription, Is.Not.SameAs(dead));
        }
    }

    /// <summary>The server drops it and says nothing, as when permissions change: ready notices, and heals it.</summary>
    [Test]
    public async Task Answers_ServerDropsTheSubscription_ReadyIs503AndThenPublishingGoesOn()
    {
        await DropAtServerAsync(Pipeline.Subscription!);

        var ready = await _client.DataAsync(HttpMethod.Get, "/v1/data/ready");
        await Eventually.HoldsAsync(async () => (await _client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready again");
        var publish = await _client.TryPublishAsync("s", [1]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ready.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), ready.ToString());
            Assert.That(ready.Detail, Does.Contain("subscription"));
            Assert.That(publish.Success, Is.True, publish.ToString());
        }
    }

    /// <summary>Without anybody who asks for ready: the first publish that nothing answers ends in a time-out, and heals it.</summary>
    [Test]
    public async Task Answers_ServerDropsTheSubscription_PublishingHealsByItself()
    {
        await DropAtServerAsync(Pipeline.Subscription!);

        await Eventually.HoldsAsync(
            async () => (await _client.TryPublishAsync("s", [1])).Success, "publishing again", TimeSpan.FromSeconds(25));
    }

    /// <summary>Whatever comes on the reply subject, it is not the end of it.</summary>
    [TestCase("")]
    [TestCase("+OK")]
    [TestCase("{\"stream\":7,\"seq\":\"x\"}")]
    [TestCase("{\"error\":{\"code\":1e99}}")]
    [TestCase("{\"error\":[[[[]]]]}")]
    [TestCase("\ud83d\ude00")]
    public async Task Answers_GarbageOnTheReplySubject_PublishingGoesOn(string garbage)
    {
        await using var other = new NatsConnection(new NatsOpts { Url = _nats.Url });
        var subject = Pipeline.Subscription!.Subject;
        foreach (var token in (string[])["0", "zz", "ffffffffffffffff", "7fffffffffffffff", "100001"])
        {
            await other.PublishAsync(
                subject.Replace("*", token, StringComparison.Ordinal), garbage, headers: new NatsHeaders { ["X"] = "y" });
        }

        await other.PingAsync();

        for (var count = 0; count < 3; count++)
        {
            Assert.That((await _client.TryPublishAsync("s", [1])).Success, Is.True);
        }
    }

    [Test]
    public async Task Advisories_SubscriptionsEnd_DeletedConsumerStillEndsItsSubscription()
    {
        await _client.DefineConsumerAsync("s", "c");
        await using var subscription = await _client.SubscribeAsync("s", "c", "subject_name=s");
        await subscription.NextAsync();
        var listener = _gateway.DataplaneServices.GetRequiredService<AdvisoryListener>();
        var dead = listener.Subscriptions;
        foreach (var advisories in dead)
        {
            await advisories.UnsubscribeAsync();
        }

        await Eventually.HoldsAsync(
            () => listener.Subscriptions.Count == dead.Count && !listener.Subscriptions.Intersect(dead).Any(), "other subscriptions");
        await _gateway.DataplaneServices.GetRequiredService<DeliveryLink>().Connection.PingAsync();
        await _client.ManageAsync(HttpMethod.Delete, "/v1/admin/stream/s/consumer/c");

        Assert.That((await subscription.NextAsync()).Success, Is.False, "the last line says why it ends");
    }

    private RequestPipeline Pipeline => _gateway.DataplaneServices.GetRequiredService<RequestPipeline>();

    /// <summary>Tells the server to forget it, behind the client library's back: its number is known to the library alone.</summary>
    private static async Task DropAtServerAsync(ReplySubscription subscription)
    {
        await subscription.On.SubscriptionManager.RemoveAsync(subscription);
        await subscription.On.PingAsync();
    }
}
