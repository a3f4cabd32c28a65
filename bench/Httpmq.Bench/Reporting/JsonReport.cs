using System.Text.Json;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Reporting;

/// <summary>The results for programs, every round included.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public static async Task WriteAsync(string path, IReadOnlyList<CaseResult> results)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        await using var file = File.Create(path);
        await JsonSerializer.SerializeAsync(file, results.Select(ToReport), Options);
    }

    private static CaseReport ToReport(CaseResult result) => new(
        result.Case.Name,
        result.Case.Description,
        result.Case.Target.Text,
        result.IsMet,
        result.Ratio,
        result.CpuRatio,
        result.FloorRatio,
        result.Note,
        result.Gateway,
        result.Raw,
        result.Floor,
        result.GatewayRounds,
        result.RawRounds,
        result.FloorRounds);

    private sealed record CaseReport(
        string Case,
        string Description,
        string Target,
        bool? Met,
        double? Ratio,
        double? CpuRatio,
        double? FloorRatio,
        string? Note,
        Sample? Gateway,
        Sample? Raw,
        Sample? Floor,
        IReadOnlyList<Sample> GatewayRounds,
        IReadOnlyList<Sample> RawRounds,
        IReadOnlyList<Sample> FloorRounds);
}
