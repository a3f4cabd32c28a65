using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Infrastructure.Diagnosis;

namespace Httpmq.Api.Hosting.Doctor;

/// <summary>What was found, for people and for machines.</summary>
internal sealed class DoctorReport(RunMode mode, IReadOnlyList<CheckResult> results)
{
    private const string Margin = "         ";

    /// <summary>The worst of all.</summary>
    public CheckState Result { get; } = results.Count == 0 ? CheckState.Ok : results.Max(static result => result.State);

    public string ToText()
    {
        var width = results.Max(static result => result.Check.Length);
        var text = new StringBuilder();
        foreach (var result in results)
        {
            var seen = result.Subject is null ? result.Seen : $"{result.Subject}: {result.Seen}";
            text.Append(NameOf(result.State).PadRight(Margin.Length)).Append(result.Check.PadRight(width)).Append("  ")
                .AppendLine(PlainText.OneLine(seen));
            if (result.Advice is { } advice)
            {
                text.Append(Margin).Append(' ', width).Append("  -> ").AppendLine(PlainText.OneLine(advice));
            }
        }

        var (problems, warnings) = (Count(CheckState.Problem), Count(CheckState.Warning));
        return text.Append($"{ProductVersion.Text}, mode {Arguments.NameOf(mode)}: {problems} problems, {warnings} warnings").ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(
        new Document(
            ProductVersion.Number,
            Arguments.NameOf(mode),
            NameOf(Result),
            [.. results.Select(static result =>
                new Check(result.Check, NameOf(result.State), result.Subject, result.Seen, result.Advice))]),
        DoctorJson.Default.Document);

    private static string NameOf(CheckState state) => state.ToString().ToLowerInvariant();

    private int Count(CheckState state) => results.Count(result => result.State == state);

    internal sealed record Document(string Version, string Mode, string Result, IReadOnlyList<Check> Checks);

    internal sealed record Check(string Name, string State, string? Subject, string Seen, string? Advice);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(DoctorReport.Document))]
internal sealed partial class DoctorJson : JsonSerializerContext;
