using System.Diagnostics;
using Httpmq.Bench.Cases;
using Httpmq.Bench.Http2;
using Httpmq.Bench.Loads;

namespace Httpmq.Bench.Endurance;

/// <summary>
/// The same thing very often: subscriptions that come and go, then publishes. What the gateway holds is read in between, and
/// must not grow.
/// </summary>
internal sealed class Soak(BenchContext context, TextWriter output)
{
    private const string Stream = "soak";
    private const string Group = "g";
    private const int Cycles = 100_000;
    private const int Publishes = 1_000_000;
    private const int Parts = 5;
    private const int Connections = 4;
    private const int Lanes = 8;

    private const long Pools = 8 * 1024 * 1024;

    // A client that ends its connection, instead of its request, once in so many times.
    private const int CyclesPerConnection = 50;

    /// <summary>True when nothing grew.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await context.Management.CreateStreamAsync(Stream, Stream);
        await context.Management.CreatePushConsumerAsync(Stream, "push", Lanes, Group);
        await context.Management.CreatePullConsumerAsync(Stream, "pull", Lanes);
        var cycles = await RepeatAsync("subscribe and leave", context.Scaled(Cycles), SubscribeAsync, cancellationToken);
        var publishes = await RepeatAsync("publish", context.Scaled(Publishes), PublishAsync, cancellationToken);
        await context.Nats.DeleteStreamAsync(Stream);
        return cycles && publishes;
    }

    private async Task<bool> RepeatAsync(
        string what, int count, Func<int, CancellationToken, Task> part, CancellationToken cancellationToken)
    {
        // What is kept for good, code and pools, comes with the first part.
        await part(count / Parts, cancellationToken);
        var first = await SettleAsync(before: null);
        await output.WriteLineAsync($"{what,-20} {count / Parts,9:#,0}  {first}");
        var last = first;
        for (var done = 1; done < Parts; done++)
        {
            var start = Stopwatch.GetTimestamp();
            await part(count / Parts, cancellationToken);
            var rate = count / Parts / Stopwatch.GetElapsedTime(start).TotalSeconds;
            last = await SettleAsync(first);
            await output.WriteLineAsync($"{what,-20} {(done + 1) * (long)(count / Parts),9:#,0}  {last}, {rate:#,0}/s");
        }

        var flat = last.IsBackAt(first, Pools);
        await output.WriteLineAsync($"{what,-20} {(flat ? "nothing grew" : "GREW")}");
        return flat;
    }

    /// <summary>What the last clients held is let go of a moment after they left.</summary>
    private async Task<Standing> SettleAsync(Standing? before)
    {
        var limit = Stopwatch.GetTimestamp() + (10 * Stopwatch.Frequency);
        while (true)
        {
            await Task.Delay(500);
            var now = await Standing.ReadAsync(context.Gateway, context.NatsServer);
            if (before is null
                ? now.NatsSubscriptions == (await Standing.ReadAsync(context.Gateway, context.NatsServer)).NatsSubscriptions
                : now.IsBackAt(before, Pools))
            {
                return now;
            }

            if (Stopwatch.GetTimestamp() > limit)
            {
                return now;
            }
        }
    }

    private Task SubscribeAsync(int count, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => SubscribeOnConnectionsAsync(count / Connections, cancellationToken)));

    private async Task SubscribeOnConnectionsAsync(int count, CancellationToken cancellationToken)
    {
        for (var done = 0; done < count; done += CyclesPerConnection)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await using var connection = await Http2Connection.ConnectAsync(context.Dataplane);
            for (var lane = 0; lane < CyclesPerConnection; lane += Lanes)
            {
                var open = new List<Subscription>();
                for (var index = lane; index < Math.Min(CyclesPerConnection, lane + Lanes); index++)
                {
                    open.Add(new Subscription(long.MaxValue, firstSequence: 0));
                }

                await Task.WhenAll(open.Select((subscription, index) => index % 2 == 0
                    ? subscription.OpenAsync(connection, context.Dataplane, Stream, "push", Stream, Group)
                    : subscription.OpenAsync(connection, context.Dataplane, Stream, "pull", Stream)));

                // The last ones stay open, and go with their connection.
                if (lane + Lanes < CyclesPerConnection)
                {
                    open.ForEach(connection.Reset);
                    connection.Flush();
                }
            }
        }
    }

    private async Task PublishAsync(int count, CancellationToken cancellationToken)
    {
        var load = RequestLoad.Publish(context.Dataplane, Stream, Payload.Of(64), Connections, Lanes * 4);
        for (long done = 0; done < count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            done += (await load.RunAsync(TimeSpan.FromSeconds(1))).Messages;
        }
    }
}
