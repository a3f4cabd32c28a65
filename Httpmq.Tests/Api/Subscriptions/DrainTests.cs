using System.Diagnostics;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.JetStream.Models;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>Many subscriptions, and their end when the gateway stops.</summary>
[TestFixture("1.1", 60)]
[TestFixture("2.0", 500)]
internal sealed class DrainTests(string version, int count) : SubscriptionTest(version)
{
    [Test]
    public async Task Stop_WithManySubscriptions_EachEndsWithALastLineAtOnce()
    {
        await using var gateway = await Gateway.StartAsync(SharedServers.Nats.Url);
        using var client = gateway.Client(Version);
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready");
        await Instances.JetStream.CreateStreamAsync(new StreamConfig(Stream, [Stream]) { Storage = StreamConfigStorage.Memory });
        await Parallel.ForAsync(0, count, async (i, _) =>
            await First.DefineConsumerAsync(Stream, $"c{i}", new JsonObject { ["mode"] = i % 2 == 0 ? "push" : "pull" }));
        var streams = new OpenStream[count];
        await Parallel.ForAsync(
            0, count, async (i, _) => streams[i] = await client.SubscribeAsync(Stream, $"c{i}", $"subject_name={Stream}"));

        await First.PublishAsync(Stream, "to all");
        var messages = await Task.WhenAll(streams.Select(stream => stream.NextAsync()));
        var start = Stopwatch.GetTimestamp();
        var stopping = gateway.StopDataplaneAsync();
        var lasts = await Task.WhenAll(streams.Select(stream => stream.NextAsync()));
        var ends = await Task.WhenAll(streams.Select(stream => stream.NextOrEndAsync()));
        await stopping;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(messages.Select(line => line.Text), Is.All.EqualTo("to all"));
            Assert.That(lasts.Select(line => line.Success), Is.All.False);
            Assert.That(lasts.Select(line => (string)line.Json["error"]!["message"]!), Is.All.EqualTo("Server stopping"));
            Assert.That(lasts.Select(line => (int)line.Json["error"]!["code"]!), Is.All.EqualTo(503));
            Assert.That(ends, Is.All.Null);
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(10)));
        }
    }
}
