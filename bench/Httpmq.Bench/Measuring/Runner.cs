using System.Diagnostics;
using Httpmq.Bench.Cases;

namespace Httpmq.Bench.Measuring;

/// <summary>Runs cases one after the other: a warm-up, then gateway and raw in turn, so that both see the same machine.</summary>
internal sealed class Runner(BenchContext context, TextWriter progress)
{
    private static readonly TimeSpan CaseLimit = TimeSpan.FromSeconds(120);

    private static readonly Side[] Sides = [Side.Gateway, Side.Raw];

    private readonly long _start = Stopwatch.GetTimestamp();

    public async Task<IReadOnlyList<CaseResult>> RunAsync(IReadOnlyList<BenchCase> cases, CancellationToken stopping)
    {
        var results = new List<CaseResult>();
        foreach (var one in cases)
        {
            stopping.ThrowIfCancellationRequested();
            var result = new CaseResult(one);
            results.Add(result);
            if (Stopwatch.GetElapsedTime(_start) > context.Options.TimeLimit)
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
        limit.CancelAfter(CaseLimit);
        try
        {
            await MeasureAsync(result, limit.Token).WaitAsync(limit.Token);
        }
        catch (NotAvailableException exception)
        {
            result.Note = "n/a: " + exception.Message;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            Fail(result, $"not done after {CaseLimit.TotalSeconds:0} s");
        }
        catch (Exception exception) when (exception is BenchException or TimeoutException or IOException)
        {
            Fail(result, exception.Message);
        }

        if (result.Note is not null)
        {
            await progress.WriteLineAsync($"{result.Case.Name,-20} {result.Note}");
        }
    }

    private async Task MeasureAsync(CaseResult result, CancellationToken cancellationToken)
    {
        var one = result.Case;
        Say(one, "preparing");
        await one.PrepareAsync(context, cancellationToken);
        try
        {
            if (!one.IsCompared)
            {
                result.Add(Side.Gateway, await one.RunAsync(context, Side.Gateway, cancellationToken));
                return;
            }

            // Round 0 warms up both sides: code is compiled while it runs.
            for (var round = 0; round <= context.Options.Rounds; round++)
            {
                foreach (var side in Sides)
                {
                    await MeasureAsync(result, side, round, cancellationToken);
                }
            }
        }
        finally
        {
            await one.CleanUpAsync(context);
        }
    }

    private async Task MeasureAsync(CaseResult result, Side side, int round, CancellationToken cancellationToken)
    {
        var sample = await result.Case.RunAsync(context, side, cancellationToken);
        if (round > 0)
        {
            result.Add(side, sample);
        }

        var when = round == 0 ? "warm-up" : $"round {round}/{context.Options.Rounds}";
        var latency = sample.Latency is { } summary ? $", p50 {summary.P50:#,0} us, p99 {summary.P99:#,0} us" : string.Empty;
        Say(result.Case, $"{when,-10} {side.ToString().ToLowerInvariant(),-8} {sample.Rate,10:#,0}/s{latency}");
    }

    private void Say(BenchCase one, string what) =>
        progress.WriteLine($"{Stopwatch.GetElapsedTime(_start):mm\\:ss} {one.Name,-20} {what}");

    private static void Fail(CaseResult result, string reason)
    {
        result.Failed = true;
        result.Note = "failed: " + reason;
    }
}
