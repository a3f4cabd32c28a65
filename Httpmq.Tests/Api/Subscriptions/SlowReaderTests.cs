using System.Text.Json.Nodes;
using Httpmq.Api.Http;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>A client that stops reading harms itself alone: bounded memory, and what it did not take goes to the next.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class SlowReaderTests(string version) : SubscriptionTest(version)
{
    // More than fits into all buffers on the way.
    private const int Count = 1000;
    private static readonly byte[] Payload = new byte[32 * 1024];

    [Test]
    public async Task Stall_ThenReadAgain_GetsWhatWaitedAndThenTheReason()
    {
        await using var gateway = await StartAsync(TimeSpan.FromSeconds(60));
        using var client = gateway.Client(Version);
        await using var slow = await client.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");
        var sources = gateway.DataplaneServices.GetRequiredService<DeliverySources>();

        // How much the sockets' buffers take on the way is up to the kernel: filled until it is too much, and then some more,
        // which it cannot get. From its end on the subscriber has 5 s to read on; after that it is gone by itself.
        var stored = 0;
        while (sources.Ended == 0 && sources.Open > 0 && stored < 10 * Count)
        {
            await Instances.FillAsync(Instances.Raw, Stream, Stream, 100, Payload);
            stored += 100;
        }

        await Instances.FillAsync(Instances.Raw, Stream, Stream, 100, Payload);
        stored += 100;
        var seen = new List<ulong>();
        var line = await slow.NextAsync();
        for (; line.Success; line = await slow.NextAsync())
        {
            seen.Add(line.StreamSequence);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)line.Json["error"]!["code"]!, Is.EqualTo(429));
            Assert.That(await slow.NextOrEndAsync(), Is.Null);
            Assert.That(seen, Is.Ordered.And.Count.LessThan(stored));
        }

        Assert.That(seen, Is.EqualTo(Enumerable.Range(1, seen.Count)), "what waited, and nothing of it is missing");
    }

    [Test]
    public async Task Stall_ForGood_IsCutOffAndTheNextGetsTheRestAtOnce()
    {
        // More than the sockets' buffers hold, which may all be full when it ends.
        await using var gateway = await StartAsync(TimeSpan.FromSeconds(1), maxPendingBytes: 8 * 1024 * 1024);
        using var client = gateway.Client(Version);
        await using var still = await client.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");
        await Instances.FillAsync(Instances.Raw, Stream, Stream, Count, Payload);
        var sources = gateway.DataplaneServices.GetRequiredService<DeliverySources>();

        await Eventually.HoldsAsync(() => sources.Open == 0, "the end of a subscription that nobody reads");

        await ExpectRestAtOnceAsync(gateway, await ReadWhatIsLeftAsync(still), waited: 2 * 1024 / 33);
    }

    [Test]
    public async Task Stall_MoreThanAllMayHoldTogether_EndsTheLargestAlone()
    {
        await using var gateway = await StartAsync(
            TimeSpan.FromSeconds(60), maxPendingBytes: int.MaxValue, maxTotalPendingBytes: 4 * 1024 * 1024);
        using var client = gateway.Client(Version);
        await First.DefineConsumerAsync(Stream, "c2", new JsonObject { ["max_inflight"] = 8 });
        await using var small = await client.SubscribeAsync(Stream, "c2", $"subject_name={Stream}");
        await using var large = await client.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");
        var sources = gateway.DataplaneServices.GetRequiredService<DeliverySources>();

        await Instances.FillAsync(Instances.Raw, Stream, Stream, Count, Payload);
        await Eventually.HoldsAsync(() => sources.Ended == 1 || sources.Open == 1, "a subscriber for whom too much waits");

        var seen = await ReadWhatIsLeftAsync(large);
        Assert.That((await small.TakeAsync(8)).Select(static line => line.Success), Is.All.True);
        Assert.That(seen, Has.Count.LessThan(Count / 2));
        await ExpectRestAtOnceAsync(gateway, seen, waited: 4 * 1024 / 33 - 8);
    }

    /// <summary>In a cluster the one that has to end may be the only one that received a message.</summary>
    [Test]
    public async Task Leave_AfterAnotherOneTookTheConsumer_GivesBackWhatWaited()
    {
        await using var gateway = await StartAsync(TimeSpan.FromSeconds(60), maxPendingBytes: int.MaxValue);
        using var client = gateway.Client(Version);
        var sources = gateway.DataplaneServices.GetRequiredService<DeliverySources>();
        await using (await client.SubscribeAsync(Stream, "c1", $"subject_name={Stream}"))
        {
            await Instances.FillAsync(Instances.Raw, Stream, Stream, Count, Payload);
            await Instances.ReceivedAsync(gateway, Stream, "c1", Count);
            var subject = (string)(await First.ConsumerAsync(Stream, "c1"))["config"]!["deliver_subject"]!;

            // The highest rank there is.
            await Instances.Raw.PublishAsync<byte[]>(
                subject, [.. "httpmq holds "u8, .. Enumerable.Repeat(byte.MaxValue, 8), .. new byte[16]]);
            await Eventually.HoldsAsync(() => sources.Ended == 1, "a subscription that another one took over");
        }

        // The sockets' buffers hold some 100.
        await ExpectRestAtOnceAsync(gateway, [], waited: Count / 2);
    }

    [Test]
    public async Task Stall_OfOneThatHasEndedAndStillHoldsTheMost_CostsNobodyElseTheirs()
    {
        const int Limit = 1024 * 1024;
        await using var gateway = await StartAsync(TimeSpan.FromSeconds(60), maxPendingBytes: Limit, maxTotalPendingBytes: Limit);
        using var client = gateway.Client(Version);
        var other = SharedServers.NewName();
        await First.DefineStreamAsync(other, other);
        await First.DefineConsumerAsync(other, "c2");
        await using var innocent = await client.SubscribeAsync(other, "c2", $"subject_name={other}");
        await using var slow = await client.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");
        var sources = gateway.DataplaneServices.GetRequiredService<DeliverySources>();
        for (var i = 0; i < Count && sources.Ended == 0; i++)
        {
            await First.TryPublishAsync(Stream, Payload);
        }

        // What waits for it may still be read, and so counts.
        await Eventually.HoldsAsync(() => sources.Ended == 1, "a subscriber that is too slow");
        await First.PublishAsync(other, "first");
        await First.PublishAsync(other, "second");

        Assert.That((await innocent.TakeAsync(2)).Select(static line => line.Success), Is.All.True);
    }

    [Test]
    public async Task Leave_WithABacklogOlderThanTheAckWait_GivesItBackAtOnce()
    {
        // The messages are old; the deliveries are not.
        var ackWait = TimeSpan.FromSeconds(10);
        await DefineAsync(new JsonObject { ["max_inflight"] = 20_000, ["ack_wait"] = ackWait.Ticks * 100 });
        await Instances.FillAsync(Instances.Raw, Stream, Stream, Count, Payload);
        var stored = System.Diagnostics.Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(() => System.Diagnostics.Stopwatch.GetElapsedTime(stored) > ackWait, "a backlog that is old");
        using (var still = await SocketSubscriber.OpenAsync(Instances.Second, Stream, "c1", $"subject_name={Stream}"))
        {
            await Instances.ReceivedAsync(Instances.Second, Stream, "c1", Count);
            still.Reset();
        }

        var left = System.Diagnostics.Stopwatch.GetTimestamp();
        await using var next = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");
        await next.TakeAsync(Count / 2);

        Assert.That(System.Diagnostics.Stopwatch.GetElapsedTime(left), Is.LessThan(ackWait), "what was given back comes before ack_wait");
    }

    [Test]
    public async Task Stall_LongerThanTheServersGrace_DisturbsNeitherItselfNorOthersOnTheConnection()
    {
        // Kestrel would close the whole connection when a client takes too little for 5 s, whatever else runs over it.
        await DefineAsync();
        await First.DefineConsumerAsync(Stream, "c2");
        await using var slow = await Second.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");
        await using var quick = await Second.SubscribeAsync(Stream, "c2", $"subject_name={Stream}");
        await Instances.FillAsync(Instances.Raw, Stream, Stream, 300, new byte[64 * 1024]);
        foreach (var line in await quick.TakeAsync(100))
        {
            await First.AckAsync(Stream, "c2", line);
        }

        var more = await quick.TakeAsync(100);
        var idle = await quick.IsSilentAsync(TimeSpan.FromSeconds(9));
        await First.AckAsync(Stream, "c2", more[0]);
        var next = await quick.NextAsync();
        var resumed = await slow.TakeAsync(100);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(idle, Is.True, "max_inflight is 100");
            Assert.That(next.Success, Is.True);
            Assert.That(resumed.Select(line => line.Success), Is.All.True);
        }
    }

    private async Task<Gateway> StartAsync(
        TimeSpan stallLimit, int maxPendingBytes = 1024 * 1024, long maxTotalPendingBytes = long.MaxValue)
    {
        await DefineAsync(new JsonObject { ["max_inflight"] = 20_000 });
        var gateway = await Gateway.StartAsync(
            SharedServers.Nats.Url,
            limits: new LimitSettings
            {
                StallTimeout = stallLimit,
                MaxPendingBytes = maxPendingBytes,
                MaxTotalPendingBytes = maxTotalPendingBytes,
            });
        using var client = gateway.Client();
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready");
        return gateway;
    }

    private async Task DefineAsync(JsonObject? more = null)
    {
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", more);
    }

    /// <summary>What the client finds in its own buffers when it reads at last: that was taken.</summary>
    private static async Task<List<ulong>> ReadWhatIsLeftAsync(OpenStream stream)
    {
        var seen = new List<ulong>();
        try
        {
            while (await stream.NextOrEndAsync() is { Success: true } line)
            {
                seen.Add(line.StreamSequence);
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or System.Text.Json.JsonException)
        {
            // Cut off, in the middle of a line as a rule.
        }

        return seen;
    }

    /// <summary>
    /// With 30 s of ack_wait, what comes now was given back: all that waited within the gateway. Only ack_wait brings again what the kernel
    /// held when the connection broke, and what nats-server had sent and not yet handed to the gateway when the subscription ended
    /// (up to some hundred messages on each of the three generations).
    /// </summary>
    private async Task ExpectRestAtOnceAsync(Gateway gateway, List<ulong> seen, int waited)
    {
        var received = gateway.DataplaneServices.GetRequiredService<ConsumerLedger>().Get(Stream, "c1").Mark.Stream;
        await using var next = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}");
        var again = new HashSet<ulong>();

        // Servers from 2.10 on may pause for a second or more while they take many back.
        while (again.Count < waited && !await next.IsSilentAsync(TimeSpan.FromSeconds(10)))
        {
            var sequence = (await next.NextAsync()).StreamSequence;
            if (sequence <= received && !seen.Contains(sequence))
            {
                again.Add(sequence);
            }
        }

        Assert.That(again, Has.Count.EqualTo(waited), $"of {received} that the gateway received; the client took {seen.Count}");
    }
}
