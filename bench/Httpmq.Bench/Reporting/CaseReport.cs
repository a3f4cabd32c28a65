using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Reporting;

/// <summary>
/// One row for programs, every round included. <paramref name="Date"/> and <paramref name="NatsServer"/> say when it was measured and with
/// which version; the lists of ratios have one for each round.
/// </summary>
internal sealed record CaseReport(
    string Case,
    DateOnly Date,
    string NatsServer,
    string Description,
    string Target,
    bool? Met,
    bool ComparesLatency,
    double? Ratio,
    double? CpuRatio,
    double? FloorRatio,
    string? Note,
    Sample? Gateway,
    Sample? Raw,
    Sample? Floor,
    IReadOnlyList<double> Ratios,
    IReadOnlyList<double> CpuRatios,
    IReadOnlyList<double> FloorRatios,
    IReadOnlyList<Sample> GatewayRounds,
    IReadOnlyList<Sample> RawRounds,
    IReadOnlyList<Sample> FloorRounds)
{
    public static CaseReport Of(CaseResult result, DateOnly date, string natsServer) => new(
        result.Case.Name,
        date,
        natsServer,
        result.Case.Description,
        result.Case.Target.Text,
        result.IsMet,
        result.Case.ComparesLatency,
        result.Ratio,
        result.CpuRatio,
        result.FloorRatio,
        result.Note,
        result.Gateway,
        result.Raw,
        result.Floor,
        result.Ratios,
        result.CpuRatios,
        result.FloorRatios,
        result.GatewayRounds,
        result.RawRounds,
        result.FloorRounds);
}
