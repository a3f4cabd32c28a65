using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Consumers;

/// <summary>Durable consumers that JetStream makes for mirrors and sources are JetStream's own.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class SourcingConsumerTests
{
    [TestCase("mirror")]
    [TestCase("sources")]
    public async Task List_OfAStreamThatAnotherOneReads_HasTheConsumersOfClientsOnly(string how)
    {
        using var client = SharedServers.Gateway.Client();
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        var (origin, copy) = (SharedServers.NewName(), SharedServers.NewName());
        await raw.CreateStreamAsync(origin, [$"{origin}.*"], new JsonObject { ["retention"] = "workqueue" });
        await client.DefineConsumerAsync(origin, "JS_MIRROR_mine", new JsonObject { ["filter_subject"] = $"{origin}.mine" });
        JsonNode of = new JsonObject { ["name"] = origin, ["filter_subject"] = $"{origin}.copied" };
        await raw.CallAsync($"STREAM.CREATE.{copy}", new JsonObject
        {
            ["name"] = copy,
            ["storage"] = "memory",
            ["num_replicas"] = 1,
            [how] = how is "mirror" ? of : new JsonArray(of),
        });
        await client.PublishAsync($"{origin}.copied", "x");
        await Eventually.HoldsAsync(async () => await raw.MessagesAsync(copy) == 1, "a copy");

        var all = (await raw.CallAsync($"CONSUMER.LIST.{origin}"))["consumers"]!.AsArray();
        var listed = await client.ManageAsync(HttpMethod.Get, $"/v1/admin/stream/{origin}/consumer?offset=0");

        Assert.That(all, Has.Count.EqualTo(ServerUnderTest.Facts.Has(Feature.DurableSources) ? 2 : 1));
        Assert.That(listed.Body["consumers"]!.AsObject().Select(static one => one.Key), Is.EqualTo(new[] { "JS_MIRROR_mine" }));
    }
}
