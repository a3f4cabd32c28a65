using System.Diagnostics;
using System.Globalization;
using Httpmq.Bench.Processes;

namespace Httpmq.Bench.Measuring;

/// <summary>Takes the time of a piece of work, and what it cost each of the three processes.</summary>
internal sealed class Meter(MeasuredNats nats, Gateway gateway)
{
    public async Task<Sample> MeasureAsync(Func<Task<Counted>> work)
    {
        var (gatewayCpu, natsCpu, loadCpu) = (gateway.Dataplane.ProcessorTime(), nats.Process.ProcessorTime(), OwnProcessorTime());
        var (allocated, compiling) = gateway.Probe();
        var start = Stopwatch.GetTimestamp();
        var counted = await work();
        var elapsed = Stopwatch.GetElapsedTime(start);
        var probe = gateway.Probe();
        return new Sample(
            counted.Messages,
            counted.Messages / elapsed.TotalSeconds,
            counted.Latency?.Summarize(),
            Per(gateway.Dataplane.ProcessorTime() - gatewayCpu),
            Per(nats.Process.ProcessorTime() - natsCpu),
            Per(OwnProcessorTime() - loadCpu),
            (probe.AllocatedBytes - allocated) / (double)counted.Messages,
            Per(probe.Compiling - compiling));

        double Per(TimeSpan time) => time.TotalMicroseconds / counted.Messages;
    }

    private static TimeSpan OwnProcessorTime() => Environment.CpuUsage.TotalTime + EndedChildrenTime();

    /// <summary>What child processes used that have ended: another load generator. Only Linux tells.</summary>
    private static TimeSpan EndedChildrenTime()
    {
        const string Status = "/proc/self/stat";
        if (!File.Exists(Status))
        {
            return TimeSpan.Zero;
        }

        // The second field is the program's name in parentheses; cutime and cstime are the 16th and 17th, in 1/100 s.
        var text = File.ReadAllText(Status);
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        var hundredths = long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture);
        return TimeSpan.FromMilliseconds(hundredths * 10);
    }
}
