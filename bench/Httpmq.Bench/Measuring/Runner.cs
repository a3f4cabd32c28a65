using System.Diagnostics;
using Httpmq.Bench.Cases;

namespace Httpmq.Bench.Measuring;

/// <summary>Runs cases one after the other: a warm-up, then gateway, raw and floor in turn, so that both see the same machine.</summary>
internal sealed class Runner(BenchContext context, TextWriter progress)
{
    private static readonly TimeSpan CaseLimit = TimeSpan.FromSeconds(120);

    private const int MaxWarmUps = 3;

    // The part of its time that a gateway may still spend compiling.
    private const double CompilingWhenWarm = 0.05;

    private static readonly Side[] Sides = [Side.Gateway, Side.Raw];
    private static readonly Side[] SidesWithFloor = [Side.Gateway, Side.Raw, Side.Floor];

    private readonly long _start = Stopwatch.GetTimestamp();

    private TimeSpan TimeLeft => context.Options.TimeLimit - Stopwatch.GetElapsedTime(_start);

    public async Task<IReadOnlyList<CaseResult>> RunAsync(IReadOnlyList<BenchCase> cases, CancellationToken stopping)
    {
        var results = new List<CaseResult>();
        foreach (var one in cases)
        {
            stopping.ThrowIfCancellationRequested();
            var result = new CaseResult(one);
            results.Add(result);
            if (TimeLeft <= TimeSpan.Zero)
            {
                result.Note = "skipped: the time is over";
                continue;
            }

            await RunAsync(result, stopping);
        }

        return results;
    }

    private async Task RunAsync(CaseResult result, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(TimeLeft < CaseLimit ? TimeLeft : CaseLimit);
        var measured = false;
        try
        {
            await MeasureAsync(result, limit.Token).WaitAsync(limit.Token);
            measured = true;
        }
        catch (NotAvailableException exception)
        {
            result.Note = "n/a: " + exception.Message;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            Fail(result, "not done in time");
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            // Whatever it is, the other cases have their turn.
            Fail(result, exception.Message);
        }
        finally
        {
            await CleanUpAsync(result, measured);
        }

        if (result.Note is not null)
        {
            await progress.WriteLineAsync($"{result.Case.Name,-20} {result.Note}");
        }
    }

    /// <summary>Of a case that failed, hangs or was interrupted, too: its servers would stay.</summary>
    private async Task CleanUpAsync(CaseResult result, bool measured)
    {
        try
        {
            await result.Case.CleanUpAsync(context);
        }
        catch (Exception exception)
        {
            // Of a case that failed, the first reason is what is to be told.
            if (measured)
            {
                Fail(result, exception.Message);
            }
        }
    }

    private async Task MeasureAsync(CaseResult result, CancellationToken cancellationToken)
    {
        var one = result.Case;
        Say(one, "preparing");
        await one.PrepareAsync(context, cancellationToken);
        if (!one.IsCompared)
        {
            result.Add(Side.Gateway, await one.RunAsync(context, Side.Gateway, cancellationToken));
            result.Note = one.Describe(result);
            return;
        }

        await WarmUpAsync(one, cancellationToken);
        for (var round = 1; round <= context.Options.Rounds; round++)
        {
            foreach (var side in one.HasFloor ? SidesWithFloor : Sides)
            {
                var sample = await MeasureAsync(one, side, $"round {round}/{context.Options.Rounds}", cancellationToken);
                result.Add(side, sample);
            }
        }

        result.Note = one.Describe(result);
    }

    /// <summary>
    /// The gateway until its code is compiled for good, which takes the longer the slower the machine is; the others once.
    /// </summary>
    private async Task WarmUpAsync(BenchCase one, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxWarmUps; attempt++)
        {
            var sample = await MeasureAsync(one, Side.Gateway, "warm-up", cancellationToken);
            if (sample.CompilingMicros < sample.GatewayCpuMicros * CompilingWhenWarm)
            {
                break;
            }
        }

        await MeasureAsync(one, Side.Raw, "warm-up", cancellationToken);
        if (one.HasFloor)
        {
            await MeasureAsync(one, Side.Floor, "warm-up", cancellationToken);
        }
    }

    private async Task<Sample> MeasureAsync(BenchCase one, Side side, string when, CancellationToken cancellationToken)
    {
        var sample = await one.RunAsync(context, side, cancellationToken);
        var latency = sample.Latency is { } summary ? $", p50 {summary.P50:#,0} us, p99 {summary.P99:#,0} us" : string.Empty;
        Say(one, $"{when,-10} {side.ToString().ToLowerInvariant(),-8} {sample.Rate,10:#,0}/s{latency}");
        return sample;
    }

    private void Say(BenchCase one, string what) =>
        progress.WriteLine($"{Stopwatch.GetElapsedTime(_start):mm\\:ss} {one.Name,-20} {what}");

    private static void Fail(CaseResult result, string reason)
    {
        result.Failed = true;
        result.Note = "failed: " + reason;
    }
}
