using Httpmq.Chaos.Faults;
using Httpmq.Chaos.Load;
using Httpmq.Chaos.Servers;

namespace Httpmq.Chaos;

/// <summary>A line every few seconds while the run lasts; and the backlog, which publishers heed.</summary>
internal sealed class Progress : IAsyncDisposable
{
    private const int LooksPerLine = 3;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public Progress(TestBed bed, IReadOnlyList<string> consumers, Tally tally, FaultInjector faults, RunClock clock, TextWriter output) =>
        _running = RunAsync(bed, consumers, tally, faults, clock, output);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync(
        TestBed bed, IReadOnlyList<string> consumers, Tally tally, FaultInjector faults, RunClock clock, TextWriter output)
    {
        using var timer = new PeriodicTimer(Look);
        var (look, lastStored, lastAt) = (0, 0L, clock.Now);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                var standings = await Task.WhenAll(consumers.Select(consumer => bed.Observer.ConsumerAsync(consumer, _stopping.Token)));
                tally.Backlog = standings.Max(standing => standing is null ? 0 : (long)standing.Pending + standing.AckPending);
                if (++look % LooksPerLine != 0)
                {
                    continue;
                }

                var rate = (tally.Stored - lastStored) * 1e6 / (clock.Now - lastAt);
                (lastStored, lastAt) = (tally.Stored, clock.Now);
                await output.WriteLineAsync(
                    $"[{clock.Now / 1e6,6:0.0} s] stored {tally.Stored} ({rate:0}/s), refused {tally.Refused}, unknown {tally.Unknown} | "
                    + $"delivered {tally.Delivered}, acked {tally.Acked}, behind {tally.Backlog} | {faults.Current}");
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
