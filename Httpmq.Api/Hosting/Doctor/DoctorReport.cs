using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Infrastructure.Diagnosis;

namespace Httpmq.Api.Hosting.Doctor;

/// <summary>What was found, for people and for machines.</summary>
internal sealed class DoctorReport(RunMode mode, IReadOnlyList<Finding> findings)
{
    private const string Margin = "         ";

    /// <summary>The worst of all.</summary>
    public FindingState Result { get; } = findings.Count == 0 ? FindingState.Ok : findings.Max(static finding => finding.State);

    public string ToText()
    {
        var width = findings.Max(static finding => finding.Check.Length);
        var text = new StringBuilder();
        foreach (var finding in findings)
        {
            var seen = finding.Subject is null ? finding.Seen : $"{finding.Subject}: {finding.Seen}";
            text.Append(NameOf(finding.State).PadRight(Margin.Length)).Append(finding.Check.PadRight(width)).Append("  ")
                .AppendLine(PlainText.OneLine(seen));
            if (finding.Advice is { } advice)
            {
                text.Append(Margin).Append(' ', width).Append("  -> ").AppendLine(PlainText.OneLine(advice));
            }
        }

        var (problems, warnings) = (Count(FindingState.Problem), Count(FindingState.Warning));
        return text.Append($"{ProductVersion.Text}, mode {Arguments.NameOf(mode)}: {problems} problems, {warnings} warnings").ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(
        new Document(
            ProductVersion.Number,
            Arguments.NameOf(mode),
            NameOf(Result),
            [.. findings.Select(static finding =>
                new Check(finding.Check, NameOf(finding.State), finding.Subject, finding.Seen, finding.Advice))]),
        DoctorJson.Default.Document);

    private static string NameOf(FindingState state) => state.ToString().ToLowerInvariant();

    private int Count(FindingState state) => findings.Count(finding => finding.State == state);

    internal sealed record Document(string Version, string Mode, string Result, IReadOnlyList<Check> Checks);

    internal sealed record Check(string Name, string State, string? Subject, string Seen, string? Advice);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(DoctorReport.Document))]
internal sealed partial class DoctorJson : JsonSerializerContext;
