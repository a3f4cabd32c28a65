using System.Diagnostics;

namespace Httpmq.Bench.Measuring;

/// <summary>Counts durations by the microsecond, up to half a second; longer ones count as that. Any thread may record.</summary>
internal sealed class LatencyHistogram
{
    private readonly int[] _counts = new int[500_000];

    public void RecordSince(long timestamp) => Record(Stopwatch.GetElapsedTime(timestamp));

    public void Record(TimeSpan duration)
    {
        var index = (int)Math.Clamp(duration.TotalMicroseconds, 0, _counts.Length - 1);
        Interlocked.Increment(ref _counts[index]);
    }

    /// <summary>Null when nothing was recorded.</summary>
    public LatencySummary? Summarize()
    {
        var total = _counts.Sum(count => (long)count);
        return total == 0 ? null : new LatencySummary(Percentile(total, 0.50), Percentile(total, 0.99));
    }

    private int Percentile(long total, double part)
    {
        var left = (long)Math.Ceiling(total * part);
        var index = 0;
        while ((left -= _counts[index]) > 0)
        {
            index++;
        }

        return index;
    }
}

/// <summary>Median and 99th percentile, in microseconds.</summary>
internal sealed record LatencySummary(double P50, double P99);
