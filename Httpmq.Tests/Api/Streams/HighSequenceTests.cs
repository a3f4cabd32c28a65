using Httpmq.Domain.Features;
using Httpmq.Domain.Limits;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Streams;

/// <summary>The highest sequence that a request may name: nats-server survives it, and its restart does.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class HighSequenceTests
{
    [Test]
    public async Task HighestSequence_OfPurgeResetAndDefinitions_OutlivesARestart()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await Gateway.StartAsync(nats.Url);
        using var client = gateway.Client();
        await WaitUntilReadyAsync();
        await client.DefineStreamAsync("p", "p");
        await client.PublishAsync("p", "gone");
        await PostAsync("p/consumer", $$"""
            {"name":"by","mode":"pull","max_inflight":9,"deliver_policy":"by_start_sequence","opt_start_seq":{{Sequences.Highest}}}
            """);
        await PostAsync("p/consumer", """{"name":"reset","mode":"pull","max_inflight":9}""");
        await PostAsync("p/purge", $$"""{"seq":{{Sequences.Highest}}}""");
        if (ServerUnderTest.Facts.Has(Feature.ConsumerReset))
        {
            await PostAsync("p/consumer/reset/reset", $$"""{"seq":{{Sequences.Highest}}}""");
        }

        List<string> streams = ["p"];
        // nats-server 2.10 starts again without the messages of a stream that has a first sequence, whatever it is.
        if (ServerUnderTest.IsAtLeast(2, 11))
        {
            await PostAsync(string.Empty, $$"""{"name":"f","subjects":["f"],"first_seq":{{Sequences.Highest}}}""");
            streams.Add("f");
        }

        foreach (var stream in streams)
        {
            Assert.That(await client.PublishAsync(stream, "1"), Is.EqualTo(Sequences.Highest));
            Assert.That(await client.PublishAsync(stream, "2"), Is.EqualTo(Sequences.Highest + 1));
        }

        await nats.KillAsync();
        await nats.StartAgainAsync();
        await WaitUntilReadyAsync();

        foreach (var stream in streams)
        {
            var state = (await client.StreamAsync(stream))["state"]!;
            Assert.That(
                ((int)state["messages"]!, (ulong)state["first_seq"]!, (ulong)state["last_seq"]!),
                Is.EqualTo((2, Sequences.Highest, Sequences.Highest + 1)), stream);
            Assert.That((await GetAsync($"{stream}/message/{Sequences.Highest + 1}")).Success, Is.True, stream);
        }

        foreach (var consumer in new[] { "by", "reset" })
        {
            Assert.That((int)(await client.ConsumerAsync("p", consumer))["num_pending"]!, Is.EqualTo(2), consumer);
        }

        Task WaitUntilReadyAsync() => Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success
                && (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success,
            "a gateway that is ready");

        async Task PostAsync(string path, string body) =>
            new Checked(await client.ManageAsync(HttpMethod.Post, $"/v1/admin/stream/{path}".TrimEnd('/'), body)).Expect(200);

        async Task<GatewayAnswer> GetAsync(string path) => await client.ManageAsync(HttpMethod.Get, $"/v1/admin/stream/{path}");
    }
}
