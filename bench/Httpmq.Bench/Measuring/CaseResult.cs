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

    /// <summary>Of rates, or of median latencies where the target is one: the median of the rounds' own ratios.</summary>
    public double? Ratio
    {
        get
        {
            var ratios = _gateway.Zip(_raw, Compare).Order().ToArray();
            return ratios.Length == 0 ? null : ratios[ratios.Length / 2];
        }
    }

    /// <summary>
    /// The raw side's CPU time per message, as a part of the gateway side's: what the ratio of rates would be if nothing but
    /// the processor limited both. Other programs on the machine disturb it less than they disturb the rates.
    /// </summary>
    public double? CpuRatio => (Gateway, Raw) is ({ } gateway, { } raw) ? raw.TotalCpuMicros / gateway.TotalCpuMicros : null;

    /// <summary>
    /// The gateway's CPU time per message as a multiple of the least that it can be: that of a bare Kestrel and of the raw client together.
    /// The median of the rounds' own. Null where the case has no floor.
    /// </summary>
    public double? FloorRatio
    {
        get
        {
            var ratios = _gateway.Zip(_raw, _floor)
                .Select(static round => round.First.GatewayCpuMicros / (round.Third.GatewayCpuMicros + round.Second.LoadCpuMicros))
                .Order().ToArray();
            return ratios.Length == 0 ? null : ratios[ratios.Length / 2];
        }
    }

    public bool? IsMet => Failed ? false : _gateway.Count == 0 ? null : benchCase.Target.IsMet(this);

    public void Add(Side side, Sample sample) => (side switch
    {
        Side.Gateway => _gateway,
        Side.Raw => _raw,
        _ => _floor,
    }).Add(sample);

    private double Compare(Sample gateway, Sample raw) =>
        benchCase.ComparesLatency ? gateway.Latency!.P50 / raw.Latency!.P50 : gateway.Rate / raw.Rate;

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
