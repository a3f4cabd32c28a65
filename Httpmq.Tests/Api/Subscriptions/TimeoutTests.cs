using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>No configured time limit ends a subscription.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.AnyServer)]
internal sealed class TimeoutTests(string version) : SubscriptionTest(version)
{
    [Test]
    public async Task Subscribe_OpenLongerThanEveryTimeout_LivesOn()
    {
        var second = TimeSpan.FromSeconds(1);
        await using var gateway = await Gateway.StartAsync(
            SharedServers.Nats.Url,
            server => server with { ReadTimeout = second, WriteTimeout = second, IdleTimeout = second });
        using var client = gateway.Client(Version);
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready");
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1");
        await using var subscription = await client.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");

        var quiet = await subscription.IsSilentAsync(TimeSpan.FromSeconds(4));
        await First.PublishAsync(Stream, "one");
        var one = await subscription.NextAsync();
        var quietAgain = await subscription.IsSilentAsync(TimeSpan.FromSeconds(4));
        await First.PublishAsync(Stream, "two");
        var two = await subscription.NextAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(quiet && quietAgain, Is.True);
            Assert.That(one.Text, Is.EqualTo("one"));
            Assert.That(two.Text, Is.EqualTo("two"));
        }
    }
}
