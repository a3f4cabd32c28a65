using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Reporting;

/// <summary>Prints the results for people. Latencies in microseconds, costs in microseconds of CPU per message.</summary>
internal static class Table
{
    private static readonly string[] Head =
    [
        "case", "gateway/s", "raw/s", "ratio", "cpu ratio", "/floor", "target", "met", "p50/p99 us", "raw p50/p99",
        "cpu gw", "nats", "load", "raw: nats", "load", "floor", "alloc B", "floor B",
    ];

    private const double MiB = 1024 * 1024;

    public static void Print(IReadOnlyList<CaseResult> results, TextWriter output)
    {
        string[][] rows = [Head, .. results.Select(Row)];
        var widths = Enumerable.Range(0, Head.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            output.WriteLine(string.Join("  ", row.Select(
                (cell, column) => column is 0 or 6 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd());
        }

        foreach (var result in results.Where(result => result.Note is not null))
        {
            output.WriteLine($"{result.Case.Name}: {result.Note}");
        }

        output.WriteLine();
        output.WriteLine(
            "Medians of the rounds; ratio: median of each round's gateway/raw. cpu ratio: CPU time of all processes per message,");
        output.WriteLine("raw/gateway. cpu gw, nats, load: microseconds per message of each process. alloc: bytes that the gateway's "
            + "process allocated per message, framework and NATS client included.");
        output.WriteLine("floor: a bare Kestrel with the same requests and answers, and nothing in between; /floor: cpu gw as a "
            + "multiple of floor and the raw client (raw: load) together.");
    }

    private static string[] Row(CaseResult result)
    {
        var (gateway, raw) = (result.Gateway, result.Raw);
        return
        [
            result.Case.Name,
            gateway?.Idle is { } idle ? $"{idle.BytesEach / 1024:0.0} KB, {idle.CorePart:0.0%}"
                : gateway?.Start is { } start
                    ? $"{start.Ready.TotalSeconds:0.00} s, {start.FirstPublishes:0.0}x, {start.IdleBytes / MiB:0} MB"
                    : Rate(gateway),
            Rate(raw),
            result.Ratio is { } ratio ? $"{ratio:0.00}" : "-",
            result.CpuRatio is { } cpuRatio ? $"{cpuRatio:0.00}" : "-",
            result.FloorRatio is { } floorRatio ? $"{floorRatio:0.00}" : "-",
            result.Case.Target.Text,
            result switch { { Failed: true } => "FAILED", { IsMet: true } => "yes", { IsMet: false } => "NO", { GatewayRounds.Count: 0 } =>
                "n/a", _ => "-" },
            Latency(gateway),
            Latency(raw),
            Micros(gateway, gateway?.GatewayCpuMicros),
            Micros(gateway, gateway?.NatsCpuMicros),
            Micros(gateway, gateway?.LoadCpuMicros),
            Micros(raw, raw?.NatsCpuMicros),
            Micros(raw, raw?.LoadCpuMicros),
            Micros(result.Floor, result.Floor?.GatewayCpuMicros),
            gateway is { HasRate: true } ? $"{gateway.AllocatedBytes:#,0}" : "-",
            result.Floor is { } floor ? $"{floor.AllocatedBytes:#,0}" : "-",
        ];
    }

    private static string Rate(Sample? sample) => sample is { HasRate: true } ? $"{sample.Rate:#,0}" : "-";

    private static string Latency(Sample? sample) => sample?.Latency is { } latency ? $"{latency.P50:#,0}/{latency.P99:#,0}" : "-";

    private static string Micros(Sample? sample, double? value) => sample is { HasRate: true } ? $"{value:0.0}" : "-";
}
