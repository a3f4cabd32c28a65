using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>
/// Two subscribers that come at the same moment on different nodes of a cluster: each node learns of the other's interest a little
/// later, so both are let in as a rule. One of them ends soon after, and never both.
/// </summary>
[TestFixture(false)]
[TestFixture(true)]
[Parallelizable]
[Category(ServerUnderTest.Category)]
internal sealed class ExclusiveClusterTests(bool delayed)
{
    private const int Pairs = 60;
    private const int AtOnce = 10;

    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    [Test]
    public async Task Subscribe_PairsOnDifferentNodes_LeaveOneEach()
    {
        await using var cluster = await ServerUnderTest.StartClusterAsync(
            isWired: true, delayed ? TimeSpan.FromMilliseconds(1) : TimeSpan.Zero);
        await using var near = await Gateway.StartAsync(cluster.Nodes[0].Url);
        await using var far = await Gateway.StartAsync(cluster.Nodes[1].Url);
        using var one = near.Client();
        using var two = far.Client();
        await Eventually.HoldsAsync(
            async () => await IsReadyAsync(one) && await IsReadyAsync(two), "two gateways that are ready", TimeSpan.FromSeconds(30));
        await one.DefineStreamAsync("s", "s.*");
        for (var first = 0; first < Pairs; first += AtOnce)
        {
            var names = Enumerable.Range(first, AtOnce).Select(static index => $"c{index}").ToList();
            foreach (var name in names)
            {
                await one.DefineConsumerAsync(
                    "s", name, new JsonObject { ["filter_subject"] = $"s.{name}", ["ack_wait"] = 60_000_000_000 });
            }

            var pairs = await Task.WhenAll(names.Select(name => SettleAsync(one, two, name)));
            foreach (var (name, (holder, other)) in names.Zip(pairs))
            {
                await two.PublishAsync($"s.{name}", name);
                Assert.That((await holder.NextAsync()).Text, Is.EqualTo(name));
                await holder.DisposeAsync();
                if (other is not null)
                {
                    Assert.That(await other.NextOrEndAsync(), Is.Null);
                    await other.DisposeAsync();
                }
            }
        }
    }

    /// <summary>The one that goes on, and the one that was let in and has ended with its last line.</summary>
    private static async Task<(OpenStream Holder, OpenStream? Other)> SettleAsync(GatewayClient one, GatewayClient two, string consumer)
    {
        var attempts = await Task.WhenAll(
            one.TrySubscribeAsync("s", consumer, $"subject_name=s.{consumer}"),
            two.TrySubscribeAsync("s", consumer, $"subject_name=s.{consumer}"));
        Assert.That(attempts.Where(static attempt => attempt.Refusal is not null)
            .Select(static attempt => (int)attempt.Refusal!.Status), Is.All.EqualTo(409));
        var open = attempts.Where(static attempt => attempt.Open is not null).Select(static attempt => attempt.Open!).ToArray();
        Assert.That(open, Is.Not.Empty, "both were refused");
        if (open.Length == 1)
        {
            return (open[0], null);
        }

        // There are no messages: the first line is the end of one of them.
        var waits = open.Select(static stream => stream.IsSilentAsync(Settled)).ToArray();
        var first = await Task.WhenAny(waits);
        Assert.That(await first, Is.False, $"both hold {consumer} after {Settled}");
        var ended = open[Array.IndexOf(waits, first)];
        var last = await ended.NextAsync();
        Assert.That((int)last.Json["error"]!["code"]!, Is.EqualTo(409), last.Json.ToJsonString());
        return (open.Single(stream => stream != ended), ended);
    }

    private static async Task<bool> IsReadyAsync(GatewayClient client) =>
        (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success
            && (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success;
}
