using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>A delivery group shares messages among members on any instances, and a member that leaves takes nothing with it.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class GroupTests(string version) : SubscriptionTest(version)
{
    private string Query => $"subject_name={Stream}&delivery_group=g1";

    [Test]
    public async Task Deliver_MembersOnTwoInstances_ShareTheMessages()
    {
        await DefineAsync(new JsonObject());
        await using var one = await First.SubscribeAsync(Stream, "c1", Query);
        await using var two = await Second.SubscribeAsync(Stream, "c1", Query);
        await Instances.FillAsync(Instances.Raw, Stream, Stream, 60, "m"u8.ToArray());

        var taken = await TakeAllAsync(60, one, two);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                taken.SelectMany(lines => lines).Select(line => (int)line.StreamSequence).Order(), Is.EqualTo(Enumerable.Range(1, 60)));
            Assert.That(taken.Select(lines => lines.Count), Is.All.Positive, "one member took everything");
        }
    }

    [Test]
    public async Task Leave_WithMessagesNotAcknowledged_TheyComeToTheOtherAfterAckWait()
    {
        await DefineAsync(new JsonObject { ["ack_wait"] = 700_000_000 });
        await using var leaver = await First.SubscribeAsync(Stream, "c1", Query);
        await Instances.FillAsync(Instances.Raw, Stream, Stream, 5, "m"u8.ToArray());
        var seen = await leaver.TakeAsync(5);
        await using var stayer = await Second.SubscribeAsync(Stream, "c1", Query);
        await leaver.DisposeAsync();

        var again = await TakeDistinctAsync(stayer, 5);

        Assert.That(again.Order(), Is.EqualTo(seen.Select(line => line.StreamSequence).Order()));
    }

    [Test]
    public async Task Leave_WithMessagesNeverWritten_TheyComeToTheOtherAtOnce()
    {
        // 30 s of ack_wait: what comes within the time limit of the test was given back.
        const int Count = 1500;
        await DefineAsync(new JsonObject { ["max_inflight"] = Count, ["ack_wait"] = 30_000_000_000 });
        await using var leaver = await First.SubscribeAsync(Stream, "c1", Query);
        await Instances.FillAsync(Instances.Raw, Stream, Stream, Count, new byte[16 * 1024]);
        await Instances.ReceivedAsync(Instances.First, Stream, "c1", Count);
        await using var stayer = await Second.SubscribeAsync(Stream, "c1", Query);
        await leaver.DisposeAsync();

        // What fits into the buffers between the gateway and the client was written, as far as the gateway can tell.
        var taken = await TakeDistinctAsync(stayer, 500);

        Assert.That(taken, Has.Count.EqualTo(500));
    }

    [Test]
    public async Task Leave_WhileMessagesAreOnTheirWay_NoneIsLostOnIt()
    {
        // Members come and go while messages flow; only what a leaver was written may take ack_wait.
        const int Count = 3000;
        await DefineAsync(new JsonObject { ["max_inflight"] = 20_000, ["ack_wait"] = 2_000_000_000 });
        await using var stayer = await Second.SubscribeAsync(Stream, "c1", Query);
        var leaving = LeaveAgainAndAgainAsync(30);
        var filling = Instances.FillAsync(Instances.Raw, Stream, Stream, Count, new byte[256]);
        var seen = await leaving;
        await filling;

        var taken = await TakeDistinctAsync(stayer, Count, seen);

        Assert.That(taken, Has.Count.EqualTo(Count));
    }

    private async Task<HashSet<ulong>> LeaveAgainAndAgainAsync(int times)
    {
        var seen = new HashSet<ulong>();
        for (var i = 0; i < times; i++)
        {
            await using var leaver = await First.SubscribeAsync(Stream, "c1", Query);
            if (!await leaver.IsSilentAsync(TimeSpan.FromMilliseconds(20)))
            {
                seen.Add((await leaver.NextAsync()).StreamSequence);
            }
        }

        return seen;
    }

    private async Task DefineAsync(JsonObject consumer)
    {
        consumer["delivery_group"] = "g1";
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", consumer);
    }

    private static async Task<HashSet<ulong>> TakeDistinctAsync(OpenStream stream, int count, HashSet<ulong>? seen = null)
    {
        seen ??= [];
        while (seen.Count < count)
        {
            seen.Add((await stream.NextAsync()).StreamSequence);
        }

        return seen;
    }

    private static async Task<IReadOnlyList<DeliveredLine>[]> TakeAllAsync(int count, params OpenStream[] streams)
    {
        var left = count;
        return await Task.WhenAll(streams.Select(TakeAsync));

        async Task<IReadOnlyList<DeliveredLine>> TakeAsync(OpenStream stream)
        {
            var lines = new List<DeliveredLine>();
            while (Volatile.Read(ref left) > 0)
            {
                if (!await stream.IsSilentAsync(TimeSpan.FromMilliseconds(50)))
                {
                    lines.Add(await stream.NextAsync());
                    Interlocked.Decrement(ref left);
                }
            }

            return lines;
        }
    }
}
