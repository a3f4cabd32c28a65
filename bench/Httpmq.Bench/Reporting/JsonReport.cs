using System.Text.Json;
using System.Text.Json.Serialization;

namespace Httpmq.Bench.Reporting;

/// <summary>The results for programs: an array with one row on each line, so that a change of some rows reads as that.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,

        // A very short round may cost nothing that the clock shows.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static async Task WriteAsync(string path, IEnumerable<CaseReport> rows)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        await File.WriteAllTextAsync(
            path, $"[\n{string.Join(",\n", rows.Select(static row => JsonSerializer.Serialize(row, Options)))}\n]\n");
    }

    /// <summary>Throws <see cref="BenchException"/> for a file that <see cref="WriteAsync"/> did not write.</summary>
    public static async Task<IReadOnlyList<CaseReport>> ReadAsync(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<CaseReport[]>(await File.ReadAllTextAsync(path), Options) ?? [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BenchException($"{path} cannot be read as a report: {exception.Message}");
        }
    }
}
