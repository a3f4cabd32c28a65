using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Httpmq.Api.Json;

/// <summary>JSON as the contract has it: snake case, field names in any case, every key always there, compact.</summary>
internal static class WireJson
{
    /// <summary>Answers are never embedded in HTML, so only JSON's own escapes are needed.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>Options for one feature's generated context, which binds them.</summary>
    public static JsonSerializerOptions Options(params ReadOnlySpan<JsonConverter> converters)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            PropertyNameCaseInsensitive = true,
            Encoder = Encoder,
            Converters = { new UtcTimeConverter() },
        };
        foreach (var converter in converters)
        {
            options.Converters.Add(converter);
        }

        return options;
    }
}

/// <summary>Times as RFC 3339 in UTC with a <c>Z</c>, the fraction as short as it is, as the original wrote them.</summary>
internal sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    private const int LongestValue = 100;

    /// <summary>What is no time in UTC or with an offset is refused: without one it would be the time of the gateway's machine.</summary>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = Encoding.UTF8.GetString(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan);
        return reader.TokenType is JsonTokenType.String && HasOffset(text) && reader.TryGetDateTimeOffset(out var time)
            ? time
            : throw new ValueException($"{Shown(text, reader.TokenType)} is no time; a time is text such as "
                + "\"2026-01-15T09:30:00Z\" (RFC 3339)");
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[33];
        value.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }

    private static string Shown(string text, JsonTokenType type)
    {
        var cut = text.Length > LongestValue ? text[..LongestValue] + "…" : text;
        return type is JsonTokenType.String ? $"\"{cut}\"" : cut;
    }

    private static bool HasOffset(string text) =>
        text.IndexOf('T', StringComparison.Ordinal) is > 0 and var time && text.AsSpan(time).ContainsAny("Z+-");
}
