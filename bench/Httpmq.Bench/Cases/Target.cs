using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Cases;

/// <summary>What a case should reach, and whether it did. Ratios hold across machines; absolute figures do not.</summary>
internal sealed record Target(string Text, Func<CaseResult, bool?> IsMet)
{
    public static Target None { get; } = new("", _ => null);

    /// <summary>The gateway's messages per second, as a part of the raw client's.</summary>
    public static Target RateRatio(double least) => new($">= {least:0.00}", result => result.Ratio >= least);

    /// <summary>The gateway's median latency, as a multiple of the raw client's.</summary>
    public static Target LatencyRatio(double most) => new($"<= {most:0.0} p50", result => result.Ratio <= most);

    /// <summary>The gateway's CPU time per message, as a multiple of that of the floor and the raw client together.</summary>
    public static Target FloorRatio(double most) => new(
        $"/floor {most:0.0}", result => result.FloorRatio is { } ratio ? ratio <= most : null);

    /// <summary>The gateway's CPU time per message, in microseconds.</summary>
    public static Target GatewayCpu(double most) => new($"{most:0} us", result => result.Gateway?.GatewayCpuMicros <= most);

    /// <summary>What the gateway allocates per message.</summary>
    public static Target Allocated(double bytes) => new($"{bytes:#,0} B", result => result.Gateway?.AllocatedBytes <= bytes);

    /// <summary>Both of them.</summary>
    public Target And(Target other) => new($"{Text}, {other.Text}", result => (IsMet(result), other.IsMet(result)) switch
    {
        (false, _) or (_, false) => false,
        (true, true) => true,
        _ => null,
    });

    /// <summary>How much the gateway may add to the raw client's latency.</summary>
    public static Target AddedLatency(TimeSpan p50, TimeSpan p99) => new(
        $"+{p50.TotalMicroseconds:#,0}/{p99.TotalMicroseconds:#,0} us",
        result => result is { Gateway.Latency: { } gateway, Raw.Latency: { } raw }
            ? gateway.P50 - raw.P50 <= p50.TotalMicroseconds && gateway.P99 - raw.P99 <= p99.TotalMicroseconds
            : null);

    /// <summary>The time until mode "all" is ready, the cost of its first publishes as a multiple of later ones, its memory.</summary>
    public static Target Start(TimeSpan ready, double firstPublishes, int megabytes) => new(
        $"{ready.TotalSeconds:0.0} s, {firstPublishes:0.0}x, {megabytes:0} MB",
        result => result.Gateway?.Start is { } start
            ? start.Ready <= ready && start.FirstPublishes <= firstPublishes && start.IdleBytes <= megabytes * 1024.0 * 1024
            : null);

    /// <summary>What an idle subscription may take of memory, and all together of one core.</summary>
    public static Target Idle(double bytesEach, double corePart) => new(
        $"<= {bytesEach / 1024:0} KB, {corePart:0%}",
        result => result.Gateway?.Idle is { } idle ? idle.BytesEach <= bytesEach && idle.CorePart <= corePart : null);
}
