using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>
/// JetStream says nothing any more while an atomic batch is under way: it is answered in time, and all or nothing is stored.
/// </summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
internal sealed class SilentAtomicBatchTests
{
    private const int Records = 1000;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(6);

    /// <summary>Before the first record; while they are under way; and, as a rule, about when the last one is.</summary>
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(1000)]
    public async Task Publish_ServerFreezesMeanwhile_StoresAllOrNothingAndSaysSo(int received)
    {
        if (!ServerUnderTest.Facts.Has(Feature.AtomicBatch))
        {
            Assert.Pass("this nats-server has no batches");
        }

        var monitoring = Ports.Free();
        await using var nats = await ServerUnderTest.StartAsync("-m", $"{monitoring}");
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        using var monitor = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{monitoring}") };
        var defined = await client.ManageAsync(
            HttpMethod.Post, "/v1/admin/stream", """{"name":"s","subjects":["s.*"],"allow_atomic":true}""");
        Assert.That(defined.Success, Is.True, defined.ToString());
        await client.PublishAsync("s.x", "first");
        var records = string.Concat(Enumerable.Range(0, Records).Select(number => $$"""{"subject":"s.{{number}}","msg":"x"}""" + "\n"));
        var before = await ReceivedAsync(monitor);
        if (received == 0)
        {
            nats.Pause();
        }

        var clock = Stopwatch.StartNew();
        var publishing = client.DataAsync(
            HttpMethod.Post, "/v1/data/publish?atomic=true", new StringContent(records, Encoding.UTF8, "application/x-ndjson"));
        while (received > 0 && !publishing.IsCompleted && await ReceivedAsync(monitor) < before + received)
        {
            // It is not there yet.
        }

        nats.Pause();
        var answer = await publishing;
        var took = clock.Elapsed;
        nats.Resume();

        // What was on its way arrives before this does.
        await Eventually.HoldsAsync(async () => (await client.TryPublishAsync("s.x", [1])).Success, "publishing again");
        var subjects = await client.ManageAsync(HttpMethod.Get, "/v1/admin/stream/s/subject");
        var stored = (int)subjects.Body["total"]! - 1;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(stored, Is.AnyOf(0, Records), answer.ToString());
            Assert.That((int)answer.Status, Is.AnyOf(200, 503, 504), answer.ToString());
            Assert.That(took, Is.LessThan(Longest));
            if (answer.Success)
            {
                Assert.That(stored, Is.EqualTo(Records));
            }
            else if (answer.Detail.Contains("nothing was stored", StringComparison.Ordinal))
            {
                Assert.That(stored, Is.Zero, answer.ToString());
            }
            else
            {
                Assert.That(answer.Detail, Does.Contain("may"), "that it cannot be told");
            }

            Assert.That(stored, received == 0 ? Is.Zero : Is.Not.Negative);
        }
    }

    private static async Task<long> ReceivedAsync(HttpClient monitor) =>
        (long)JsonNode.Parse(await monitor.GetStringAsync("/varz"))!["in_msgs"]!;
}
