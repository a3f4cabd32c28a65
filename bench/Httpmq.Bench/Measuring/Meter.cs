using System.Diagnostics;
using System.Globalization;
using Httpmq.Bench.Processes;
using Httpmq.Testing;

namespace Httpmq.Bench.Measuring;

/// <summary>Takes the time of a piece of work, and what it cost each of the processes.</summary>
/// <param name="nats">The nats-server.</param>
/// <param name="gateway">Httpmq, and the floor.</param>
/// <param name="types">Whether to see which types are allocated; it costs about a hundredth.</param>
internal sealed class Meter(MeasuredNats nats, Gateway gateway, bool types = false)
{
    /// <summary>Through the gateway, or past it.</summary>
    public Task<Sample> MeasureAsync(Func<Task<Counted>> work) => MeasureAsync(work, gateway.Dataplane, gateway.Probe);

    /// <summary>Against the floor, whose cost stands where the gateway's does otherwise.</summary>
    public Task<Sample> MeasureFloorAsync(Func<Task<Counted>> work) => MeasureAsync(work, gateway.Floor, gateway.FloorProbe);

    private async Task<Sample> MeasureAsync(Func<Task<Counted>> work, ServerProcess server, Probe probe)
    {
        _ = types ? probe.Types() : null;
        var (serverCpu, natsCpu, loadCpu) = (server.ProcessorTime(), nats.Process.ProcessorTime(), OwnProcessorTime());
        var before = probe.Spent();
        var start = Stopwatch.GetTimestamp();
        var counted = await work();
        var elapsed = Stopwatch.GetElapsedTime(start);
        var after = probe.Spent();
        return new Sample(
            counted.Messages,
            counted.Messages / elapsed.TotalSeconds,
            counted.Latency?.Summarize(),
            Per(server.ProcessorTime() - serverCpu),
            Per(nats.Process.ProcessorTime() - natsCpu),
            Per(OwnProcessorTime() - loadCpu),
            (after.AllocatedBytes - before.AllocatedBytes) / (double)counted.Messages,
            Per(after.Compiling - before.Compiling))
        {
            Types = types ? probe.Types() : null,
        };

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
