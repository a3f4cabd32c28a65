using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>What happens to a subscription when its consumer or its stream does not stay as it was.</summary>
[TestFixture("push")]
[TestFixture("pull")]
internal sealed class ConsumerChangeTests(string mode) : SubscriptionTest
{
    private string Query => $"subject_name={Stream}";

    [TestCase("consumer")]
    [TestCase("stream")]
    public async Task Delete_ThroughManagement_EndsTheSubscriptionWithALastLine(string what)
    {
        await DefineAsync();
        await using var subscription = await Second.SubscribeAsync(Stream, "c1", Query);

        var path = what is "stream" ? $"/v1/admin/stream/{Stream}" : $"/v1/admin/stream/{Stream}/consumer/c1";
        await First.ManageAsync(HttpMethod.Delete, path);

        await ExpectEndAsync(subscription, HttpStatusCode.NotFound);
    }

    [TestCase("consumer")]
    [TestCase("stream")]
    public async Task Delete_BySomebodyElse_EndsTheSubscriptionWithALastLine(string what)
    {
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", Query);

        if (what is "stream")
        {
            await Instances.JetStream.DeleteStreamAsync(Stream);
        }
        else
        {
            await Instances.JetStream.DeleteConsumerAsync(Stream, "c1");
        }

        await ExpectEndAsync(subscription, HttpStatusCode.NotFound);
    }

    [Test]
    public async Task Delete_WithMessagesWaiting_DeliversThemBeforeTheLastLine()
    {
        await DefineAsync();
        await Instances.FillAsync(Instances.Raw, Stream, Stream, 50, new byte[1024]);
        await using var subscription = await First.SubscribeAsync(Stream, "c1", Query);
        var lines = await subscription.TakeAsync(50);

        await Instances.JetStream.DeleteConsumerAsync(Stream, "c1");

        await ExpectEndAsync(subscription, HttpStatusCode.NotFound);
        Assert.That(lines.Select(line => (int)line.StreamSequence), Is.EqualTo(Enumerable.Range(1, 50)));
    }

    [Test]
    public async Task Recreate_WithTheSameName_EndsTheOldSubscriptionAndTakesANewOne()
    {
        await DefineAsync();
        await using var old = await First.SubscribeAsync(Stream, "c1", Query);

        await Instances.JetStream.DeleteConsumerAsync(Stream, "c1");
        await First.DefineConsumerAsync(Stream, "c1", new JsonObject { ["mode"] = mode });
        await ExpectEndAsync(old, HttpStatusCode.NotFound);
        await using var subscription = await First.SubscribeAsync(Stream, "c1", Query);
        await First.PublishAsync(Stream, "new");

        Assert.That((await subscription.NextAsync()).Text, Is.EqualTo("new"));
    }

    [Test]
    public async Task Change_WhileSubscribed_GoesOnWithTheNewRules()
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 1, ["ack_wait"] = 30_000_000_000 });
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"{Query}&max_msg_inflight=10");
        await Instances.FillAsync(Instances.Raw, Stream, Stream, 3, "m"u8.ToArray());
        await subscription.NextAsync();
        var silent = await subscription.IsSilentAsync(TimeSpan.FromMilliseconds(200));

        await First.DefineConsumerAsync(Stream, "c1", new JsonObject { ["mode"] = mode, ["max_inflight"] = 3, ["ack_wait"] = 500_000_000 });
        var rest = await subscription.TakeAsync(2);
        var again = await subscription.TakeAsync(2);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(silent, Is.True, "max_inflight was 1");
            Assert.That(rest.Select(line => (int)line.StreamSequence), Is.EqualTo([2, 3]));
            Assert.That(again.Select(line => (int)line.StreamSequence), Is.SubsetOf([1, 2, 3]), "redelivered within the new ack_wait");
        }
    }

    [Test]
    public async Task Subscribe_ConsumerDeletedInTheSameMoment_IsRefusedOrEnds()
    {
        await First.DefineStreamAsync(Stream, Stream);
        for (var i = 0; i < 15; i++)
        {
            await First.DefineConsumerAsync(Stream, $"c{i}", new JsonObject { ["mode"] = mode });
            var subscribing = First.TrySubscribeAsync(Stream, $"c{i}", Query);
            await Instances.JetStream.DeleteConsumerAsync(Stream, $"c{i}");
            var (open, refusal) = await subscribing;
            if (open is null)
            {
                Assert.That(refusal!.Status, Is.EqualTo(HttpStatusCode.NotFound), refusal.ToString());
            }
            else
            {
                await ExpectEndAsync(open, HttpStatusCode.NotFound);
                await open.DisposeAsync();
            }
        }
    }

    private static async Task ExpectEndAsync(OpenStream subscription, HttpStatusCode code)
    {
        var last = await subscription.NextAsync();
        var end = await subscription.NextOrEndAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(last.Success, Is.False);
            Assert.That((int)last.Json["error"]!["code"]!, Is.EqualTo((int)code));
            Assert.That(end, Is.Null);
        }
    }

    private async Task DefineAsync(JsonObject? more = null)
    {
        more ??= [];
        more["mode"] = mode;
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", more);
    }
}
