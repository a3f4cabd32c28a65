using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Api.Http;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Pulling;

/// <summary>Pulls when the gateway or nats-server goes, and when there are too many.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class PullEndTests
{
    private static readonly JsonObject Pull = new() { ["mode"] = "pull", ["max_inflight"] = 1000 };

    [Test]
    public async Task Pull_GatewayStops_AnswersWithWhatCameAndNothingIsLost()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats);
        using var client = gateway.Client();
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c", Pull);
        await client.DefineConsumerAsync(stream, "empty", new JsonObject { ["mode"] = "pull", ["filter_subject"] = stream });
        var filled = PullAsync(client, stream, "c", """{"batch":10,"expires":"60s"}""");
        await WaitsAsync(client, stream, "c");
        await client.PublishAsync(stream, "a");
        await PullAsync(client, stream, "empty", """{"batch":1}""");
        var empty = PullAsync(client, stream, "empty", """{"expires":"60s"}""");
        await WaitsAsync(client, stream, "empty");
        var clock = Stopwatch.StartNew();

        await gateway.StopDataplaneAsync();
        var (some, none) = (await filled, await empty);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((some.Status, some.Body["messages"]!.AsArray().Count), Is.EqualTo((HttpStatusCode.OK, 1)));
            Assert.That(
                (none.Status, (string)none.Body["error"]!["type"]!), Is.EqualTo((HttpStatusCode.ServiceUnavailable, "server-stopping")));
            Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)));
        }

        // By another instance.
        var token = (string)some.Body["messages"]![0]!["token"]!;
        using var other = SharedServers.Gateway.Client();
        var settled = await other.DataAsync(
            HttpMethod.Post, $"/v1/data/stream/{stream}/consumer/c/settle", new StringContent($$"""{"ack":[{"token":"{{token}}"}]}"""));
        Assert.That((int)settled.Body["settled"]!, Is.EqualTo(1), settled.ToString());
        Assert.That((int)(await other.ConsumerAsync(stream, "c"))["num_ack_pending"]!, Is.Zero);
    }

    [Test]
    public async Task Pull_NatsGoes_IsToldWithinSeconds()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats, new LimitSettings { MaxSubscriptions = 1 });
        using var client = gateway.Client();
        await client.DefineStreamAsync("s", "s");
        await client.DefineConsumerAsync("s", "c", Pull);
        var waiting = PullAsync(client, "s", "c", """{"expires":"60s"}""");
        await WaitsAsync(client, "s", "c");

        var second = await PullAsync(client, "s", "c", "{}");
        await nats.KillAsync();
        var broken = await waiting;
        var without = await PullAsync(client, "s", "c", "{}");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((second.Status, (string)second.Body["error"]!["type"]!), Is.EqualTo(
                (HttpStatusCode.TooManyRequests, "too-many-subscriptions")));
            Assert.That((broken.Status, (string)broken.Body["error"]!["type"]!), Is.EqualTo(
                (HttpStatusCode.ServiceUnavailable, "pull-interrupted")), broken.ToString());
            Assert.That(without.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), without.ToString());
        }
    }

    private static Task<GatewayAnswer> PullAsync(GatewayClient client, string stream, string consumer, string body) =>
        client.DataAsync(HttpMethod.Post, $"/v1/data/stream/{stream}/consumer/{consumer}/pull", new StringContent(body));

    private static Task WaitsAsync(GatewayClient client, string stream, string consumer) => Eventually.HoldsAsync(
        async () => (int)(await client.ConsumerAsync(stream, consumer))["num_waiting"]! == 1, $"a pull of {consumer} that waits");
}
