using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>
/// What JetStream stores by itself where the last message of a subject has expired: a message without a payload, that every reader sees.
/// </summary>
internal sealed class MarkerTests : SubscriptionTest
{
    [Test]
    public async Task Marker_OfAnExpiredMessage_IsAMessageOnEveryWay()
    {
        if (!ServerUnderTest.Facts.Has(Feature.DeleteMarkers))
        {
            Assert.Pass("this nats-server stores none");
        }

        var defined = await First.ManageAsync(HttpMethod.Post, "/v1/admin/stream", new JsonObject
        {
            ["name"] = Stream,
            ["subjects"] = new JsonArray(Stream),
            ["max_age"] = "1s",
            ["subject_delete_marker_ttl"] = "1h",
        }.ToJsonString());
        Assert.That(defined.Success, Is.True, defined.ToString());
        await First.DefineConsumerAsync(Stream, "lines");
        await First.DefineConsumerAsync(Stream, "pull", new JsonObject { ["mode"] = "pull", ["deliver_policy"] = "last" });
        await using var lines = await First.SubscribeAsync(Stream, "lines", "metadata=true");
        await First.PublishAsync(Stream, "x");

        var (message, marker) = (await lines.NextAsync(), await lines.NextAsync());
        var pulled = await First.DataAsync(
            HttpMethod.Post, $"/v1/data/stream/{Stream}/consumer/pull/pull", new StringContent("""{"encoding":"utf8"}"""));
        var last = await First.DataAsync(HttpMethod.Get, $"/v1/data/subject/{Stream}?encoding=json");
        var (_, replayed) = await First.SendRawAsync(HttpMethod.Get, $"/v1/data/stream/{Stream}/message");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((message.StreamSequence, message.Text), Is.EqualTo((1UL, "x")));
            Assert.That((marker.StreamSequence, marker.Text), Is.EqualTo((2UL, string.Empty)));
            var replay = JsonNode.Parse(replayed.Trim())!;
            foreach (var one in new[] { marker.Json, pulled.Body["messages"]![0]!, last.Body, replay })
            {
                Assert.That((string?)one["headers"]?["Nats-Marker-Reason"]?[0], Is.EqualTo("MaxAge"), one.ToJsonString());
            }
        }

        await First.AckAsync(Stream, "lines", marker);
    }
}
