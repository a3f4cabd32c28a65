using System.Diagnostics;

namespace Httpmq.Chaos;

/// <summary>The one clock of a run: microseconds since it began.</summary>
internal sealed class RunClock
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly DateTimeOffset _began = DateTimeOffset.UtcNow;

    public long Now => (long)Stopwatch.GetElapsedTime(_start).TotalMicroseconds;

    /// <summary>When a server's wall clock said so, on this clock; the servers run on the same machine.</summary>
    public long Of(DateTimeOffset time) => (long)(time - _began).TotalMicroseconds;
}
