using Httpmq.Bench.Cases;

namespace Httpmq.Bench.Measuring;

/// <summary>All rounds of one case. <see cref="Note"/> says why figures are missing, or adds one that has no column.</summary>
internal sealed class CaseResult(BenchCase benchCase)
{
    private readonly List<Sample> _gateway = [];
    private readonly List<Sample> _raw = [];
    private readonly List<Sample> _floor = [];

    public BenchCase Case => benchCase;

    public IReadOnlyList<Sample> GatewayRounds => _gateway;

    public IReadOnlyList<Sample> RawRounds => _raw;

    public IReadOnlyList<Sample> FloorRounds => _floor;

    public string? Note { get; set; }

    public bool Failed { get; set; }

    public Sample? Gateway => Median(_gateway);

    public Sample? Raw => Median(_raw);

    public Sample? Floor => Median(_floor);

    /// <summary>Of rates, or of median latencies where the target is one: each round's.</summary>
    public IReadOnlyList<double> Ratios => [.. _gateway.Zip(_raw, Compare)];

    /// <summary>The median of <see cref="Ratios"/>.</summary>
    public double? Ratio => Median(Ratios);

    /// <summary>
    /// The raw side's CPU time per message, as a part of the gateway side's: what the ratio of rates would be if nothing but
    /// the processor limited both. Other programs on the machine disturb it less than they disturb the rates.
    /// </summary>
    public double? CpuRatio => (Gateway, Raw) is ({ } gateway, { } raw) ? CompareCpu(gateway, raw) : null;

    /// <summary>Each round's <see cref="CpuRatio"/>.</summary>
    public IReadOnlyList<double> CpuRatios => [.. _gateway.Zip(_raw, CompareCpu)];

    /// <summary>
    /// The gateway's CPU time per message as a multiple of the least that it can be: that of a bare Kestrel and of the raw client together.
    /// The median of the rounds' own. Null where the case has no floor.
    /// </summary>
    public double? FloorRatio => Median(FloorRatios);

    /// <summary>Each round's <see cref="FloorRatio"/>.</summary>
    public IReadOnlyList<double> FloorRatios =>
    [
        .. _gateway.Zip(_raw, _floor)
            .Select(static round => round.First.GatewayCpuMicros / (round.Third.GatewayCpuMicros + round.Second.LoadCpuMicros)),
    ];

    public bool? IsMet => Failed ? false : _gateway.Count == 0 ? null : benchCase.Target.IsMet(this);

    public void Add(Side side, Sample sample) => (side switch
    {
        Side.Gateway => _gateway,
        Side.Raw => _raw,
        _ => _floor,
    }).Add(sample);

    private double Compare(Sample gateway, Sample raw) =>
        benchCase.ComparesLatency ? gateway.Latency!.P50 / raw.Latency!.P50 : gateway.Rate / raw.Rate;

    private static double CompareCpu(Sample gateway, Sample raw) => raw.TotalCpuMicros / gateway.TotalCpuMicros;

    private static double? Median(IReadOnlyList<double> ratios) => ratios.Count == 0 ? null : ratios.Order().ElementAt(ratios.Count / 2);

    /// <summary>Each figure's own median: a disturbed round then spoils none of them.</summary>
    private static Sample? Median(List<Sample> rounds)
    {
        return rounds.Count == 0 ? null : new Sample(
            rounds.Sum(sample => sample.Messages),
            Of(sample => sample.Rate),
            rounds[0].Latency is null ? null : new LatencySummary(Of(sample => sample.Latency!.P50), Of(sample => sample.Latency!.P99)),
            Of(sample => sample.GatewayCpuMicros),
            Of(sample => sample.NatsCpuMicros),
            Of(sample => sample.LoadCpuMicros),
            Of(sample => sample.AllocatedBytes),
            Of(sample => sample.CompilingMicros),
            rounds[0].Idle)
        {
            Start = rounds[0].Start,
        };

        double Of(Func<Sample, double> figure) => rounds.Select(figure).Order().ElementAt(rounds.Count / 2);
    }
}
