using System.Globalization;
using System.Text.Json.Nodes;
using Httpmq.Api.Http;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>Subscriptions that come and go leave nothing behind, here or at NATS.</summary>
[Parallelizable(ParallelScope.All)]
[Category(ServerUnderTest.Category)]
internal sealed class LeakTests
{
    private const int Subscribers = 1000;

    [Test]
    public async Task Subscribe_AThousandComeAndGo_LeaveNothingBehind()
    {
        var monitoring = Ports.Free();
        await using var nats = await ServerUnderTest.StartAsync("-m", monitoring.ToString(CultureInfo.InvariantCulture));
        await using var gateway = await Gateway.StartAsync(nats.Url);
        using var client = gateway.Client();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success
                && (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success,
            "ready");
        await client.DefineStreamAsync("s", "s");
        await client.DefineConsumerAsync("s", "group", new JsonObject { ["delivery_group"] = "g1" });
        await client.DefineConsumerAsync("s", "pull", new JsonObject { ["mode"] = "pull" });
        using var monitor = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{monitoring}") };
        var before = await CountAsync(monitor);

        await Parallel.ForAsync(0, Subscribers, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var (name, query) = i % 2 == 0 ? ("group", "subject_name=s&delivery_group=g1") : ("pull", "subject_name=s");
            await using var subscription = await client.SubscribeAsync("s", name, query);
        });

        var sources = gateway.DataplaneServices.GetRequiredService<DeliverySources>();
        var streams = gateway.DataplaneServices.GetRequiredService<OpenStreams>();
        await Eventually.HoldsAsync(() => sources.Open == 0, "no open source");
        await Eventually.HoldsAsync(() => streams.Count == 0, "no open stream");
        await Eventually.HoldsAsync(async () => await CountAsync(monitor) == before, $"{before} subscriptions at NATS as before");
        var consumer = await client.ConsumerAsync("s", "pull");
        Assert.That((int)consumer["num_ack_pending"]!, Is.Zero);
    }

    private static async Task<int> CountAsync(HttpClient monitor) =>
        (int)JsonNode.Parse(await monitor.GetStringAsync("/subsz"))!["num_subscriptions"]!;
}
