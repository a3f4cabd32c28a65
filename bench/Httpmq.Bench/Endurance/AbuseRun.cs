using System.Diagnostics;
using Httpmq.Bench.Cases;
using Httpmq.Bench.Loads;

namespace Httpmq.Bench.Endurance;

/// <summary>
/// One kind of bad client after the other, beside a good one that publishes as fast as it can: what it notices, what memory they
/// cost at most, and whether anything of them is left when they are gone.
/// </summary>
internal sealed class AbuseRun(BenchContext context, TextWriter output)
{
    private const double LeastRatio = 0.80;
    private const string Good = "good";
    private const string Bad = "bad";
    private const int BacklogMessages = 10_000;
    private const int BacklogBytes = 1024;
    private const int Consumers = 100;
    private const int Inflight = 32;

    // Kestrel keeps the buffers of its busiest moment: up to 16 MiB of outcomes that nobody read, for each of four batches.
    private const long Pools = 72 * 1024 * 1024;
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBeginning = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Sampling = TimeSpan.FromMilliseconds(50);

    // The array pool gives back after a minute what nobody rents any more.
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(90);

    private TimeSpan Window => TimeSpan.FromSeconds(8 * context.Options.Scale);

    /// <summary>True when the good client kept its rate and nothing was left behind, whatever the others did.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await context.Management.CreateStreamAsync(Good, Good);
        await context.Management.CreateStreamAsync(Bad, Bad);
        await context.Nats.FillAsync(Bad, new byte[BacklogBytes], BacklogMessages, cancellationToken);
        for (var index = 0; index < Consumers; index++)
        {
            await context.Management.CreatePushConsumerAsync(Bad, $"c{index}", index < BadClients.Stalled ? BacklogMessages : 1000);
        }

        await PublishAsync();
        await PublishAsync();
        await output.WriteLineAsync(
            $"{"bad client",-16} {"did it",8} {"before/s",9} {"while/s",9} {"after/s",9} ratio  peak MB   what is held before and after");
        var holds = true;
        foreach (var kind in BadClients.Select(context.Options.Cases))
        {
            holds &= await RunAsync(kind, cancellationToken);
        }

        await output.WriteLineAsync(
            $"The good client publishes 256 B, {Inflight} at a time on one connection, for {Window.TotalSeconds:0} s each. ratio: while, "
                + $"against the mean of before and after; at least {LeastRatio:0.00} is good.");
        return holds;
    }

    private async Task<bool> RunAsync(BadClient kind, CancellationToken cancellationToken)
    {
        var before = await PublishAsync();
        var standing = await Standing.ReadAsync(context.Gateway, context.NatsServer);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var bad = Task.Run(() => kind.RunAsync(new Prey(context.Dataplane, Bad, "c"), end.Token), CancellationToken.None);
        var watching = WatchMemoryAsync(end.Token);
        await BeginAsync(cancellationToken);
        var meanwhile = await PublishAsync();
        await end.CancelAsync();
        var did = await bad;
        var peak = await watching;
        var left = Stopwatch.GetTimestamp();
        var afterwards = await SettleAsync(standing, cancellationToken);
        var settled = Stopwatch.GetElapsedTime(left);
        var after = await PublishAsync();
        var ratio = meanwhile / ((before + after) / 2);
        var isBack = afterwards.IsBackAt(standing, Pools);
        await output.WriteLineAsync(
            $"{kind.Name,-16} {did,8:#,0} {before,9:#,0} {meanwhile,9:#,0} {after,9:#,0} "
            + $"{ratio,5:0.00} {peak / 1048576.0,8:0}   {standing}");
        await output.WriteLineAsync(
            $"{(ratio < LeastRatio ? "OTHERS SUFFER " : string.Empty) + (isBack ? string.Empty : "LEFT SOMETHING"),-70}"
            + $"{afterwards}, {settled.TotalSeconds:0} s later");
        return ratio >= LeastRatio && isBack;
    }

    /// <summary>
    /// Waits until nats-server has sent what the bad clients have coming: that takes its time whoever reads it, and would be a
    /// measure of nats-server.
    /// </summary>
    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        const long Quiet = 1024 * 1024;
        var start = Stopwatch.GetTimestamp();
        var sent = await context.NatsServer.SentBytesAsync();
        long before;
        do
        {
            before = sent;
            await Task.Delay(Beginning, cancellationToken);
            sent = await context.NatsServer.SentBytesAsync();
        }
        while (sent - before > Quiet && Stopwatch.GetElapsedTime(start) < LongestBeginning);
    }

    private async Task<double> PublishAsync() =>
        (await context.Meter.MeasureAsync(
            () => RequestLoad.Publish(context.Dataplane, Good, Payload.Of(256), 1, Inflight).RunAsync(Window))).Rate;

    private async Task<long> WatchMemoryAsync(CancellationToken end)
    {
        long peak = 0;
        while (!end.IsCancellationRequested)
        {
            peak = Math.Max(peak, context.Gateway.Dataplane.WorkingSet());
            await Task.WhenAny(Task.Delay(Sampling, end));
        }

        return peak;
    }

    private async Task<Standing> SettleAsync(Standing before, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        while (true)
        {
            var now = await Standing.ReadAsync(context.Gateway, context.NatsServer);
            if (now.IsBackAt(before, Pools) || limit.IsCancellationRequested)
            {
                return now;
            }

            await Task.Delay(500, cancellationToken);
        }
    }
}
