using Httpmq.Checker;

namespace Httpmq.Chaos;

/// <summary>Writes down when the run itself was not scheduled: what seemed to take long then was perhaps only noticed late.</summary>
internal sealed class Pulse : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public Pulse(RunClock clock, JournalWriter journal) => _running = RunAsync(clock, journal);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync(RunClock clock, JournalWriter journal)
    {
        while (!_stopping.IsCancellationRequested)
        {
            var before = clock.Now;
            await Task.Delay(Beat, CancellationToken.None);
            if (clock.Now - before > (Beat + Late).TotalMicroseconds)
            {
                journal.Write(new BusyEntry(before, clock.Now));
            }
        }
    }
}
