using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.JetStream;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>A push consumer without a group has one subscriber, on whatever instance, and takes the next one at once.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class BindingTests(string version) : SubscriptionTest(version)
{
    private string Query => $"subject_name={Stream}";

    [TestCase(false)]
    [TestCase(true)]
    public async Task Subscribe_ConsumerIsBound_IsRefusedOnAnyInstance(bool other)
    {
        await DefineAsync();
        await using var holder = await First.SubscribeAsync(Stream, "c1", Query);

        var (open, refusal) = await (other ? Second : First).TrySubscribeAsync(Stream, "c1", Query);
        await First.PublishAsync(Stream, "still here");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(open, Is.Null);
            Assert.That(refusal!.Status, Is.EqualTo(HttpStatusCode.Conflict));
            Assert.That((await holder.NextAsync()).Text, Is.EqualTo("still here"));
        }
    }

    [Test]
    public async Task Change_OfTheDeliverSubjectBySomebodyElse_NeverLeavesASilentStream()
    {
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", Query);
        var consumer = await Instances.JetStream.GetConsumerAsync(Stream, "c1");
        var config = consumer.Info.Config;
        config.DeliverSubject = "_INBOX.elsewhere";

        // nats-server refuses it while somebody is subscribed; where it does not, the stream has to end.
        var change = async () => await Instances.JetStream.CreateOrUpdateConsumerAsync(Stream, config);
        Assert.That(change, Throws.TypeOf<NatsJSApiException>());
        await First.PublishAsync(Stream, "still here");

        Assert.That((await subscription.NextAsync()).Text, Is.EqualTo("still here"));
    }

    [Test]
    public async Task Subscribe_RightAfterADisconnect_IsAccepted()
    {
        await DefineAsync();
        for (var i = 0; i < 10; i++)
        {
            await using var subscription = await (i % 2 == 0 ? First : Second).SubscribeAsync(Stream, "c1", Query);
            var text = $"message {i}";
            await First.PublishAsync(Stream, text);
            var line = await subscription.NextAsync();
            await First.AckAsync(Stream, "c1", line);

            Assert.That(line.Text, Is.EqualTo(text));
        }
    }

    [Test]
    public async Task Subscribe_RightAfterAReset_IsAccepted()
    {
        await DefineAsync();
        for (var i = 0; i < 5; i++)
        {
            using var rude = await SocketSubscriber.OpenAsync(Instances.First, Stream, "c1", Query);
            rude.Reset();
        }

        await using var subscription = await Second.SubscribeAsync(Stream, "c1", Query);
        await First.PublishAsync(Stream, "after");

        Assert.That((await subscription.NextAsync()).Text, Is.EqualTo("after"));
    }

    [Test]
    public async Task Subscribe_AfterAClientThatLeftMidLine_GetsTheMessageWhole()
    {
        await DefineAsync();
        var payload = new byte[900_000];
        await First.TryPublishAsync(Stream, payload);
        using (var rude = await SocketSubscriber.OpenAsync(Instances.First, Stream, "c1", Query))
        {
            await rude.ReadUntilAsync("\"b64_msg\":\"AAAA");
            rude.Reset();
        }

        await using var subscription = await First.SubscribeAsync(Stream, "c1", Query);

        Assert.That((await subscription.NextAsync()).Bytes, Is.EqualTo(payload));
    }

    [Test]
    public async Task Subscribe_ManyAtTheSameMoment_OneStaysAndTheOthersAreTold()
    {
        await DefineAsync();
        var attempts = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? First : Second).TrySubscribeAsync(Stream, "c1", Query)));
        var open = attempts.Where(attempt => attempt.Open is not null).Select(attempt => attempt.Open!).ToList();
        var refusals = attempts.Where(attempt => attempt.Refusal is not null).Select(attempt => attempt.Refusal!.Status);
        await First.PublishAsync(Stream, "once");

        // Those that came in the same moment may have been let in before they were noticed: all but one end by themselves.
        var lines = await Task.WhenAll(open.Select(LastLineAsync));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(refusals, Is.All.EqualTo(HttpStatusCode.Conflict));
            Assert.That(lines.Count(line => line.Success), Is.EqualTo(1), "subscriptions that go on");
            Assert.That(lines.Where(line => !line.Success).Select(line => (int)line.Json["error"]!["code"]!), Is.All.EqualTo(409));
        }

        await Task.WhenAll(open.Select(stream => stream.DisposeAsync().AsTask()));
    }

    /// <summary>The line with which a subscription ended, or the message that it received while it goes on.</summary>
    private static async Task<DeliveredLine> LastLineAsync(OpenStream stream)
    {
        var line = await stream.NextAsync();
        while (line.Success && !await stream.IsSilentAsync(TimeSpan.FromSeconds(1)))
        {
            line = await stream.NextAsync();
        }

        return line;
    }

    private async Task DefineAsync()
    {
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", new JsonObject { ["ack_wait"] = 1_000_000_000 });
    }
}
