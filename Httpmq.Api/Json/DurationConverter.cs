using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Json;

/// <summary>A value that cannot be taken; its message is for the client.</summary>
internal sealed class ValueException(string message) : JsonException(message);

/// <summary>Durations in requests: an integer of nanoseconds, or text such as "30s".</summary>
internal sealed class DurationConverter : JsonConverter<GivenDuration?>
{
    private const int LongestValue = 100;

    /// <summary>What a duration is, for errors.</summary>
    public const string Expected =
        "a duration is an integer of nanoseconds, or text with units, such as \"250ms\", \"30s\", \"1h30m\" (ns, us, ms, s, m, h)";

    public override GivenDuration? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.Number when reader.TryGetInt64(out var nanoseconds):
                return new GivenDuration(nanoseconds);
            case JsonTokenType.String when !reader.HasValueSequence:
                return DurationText.TryParse(TextOf(ref reader), out var parsed, out var reason)
                    ? new GivenDuration(parsed, HasUnit: true)
                    : throw new ValueException($"{Shown(ref reader)} {reason}; {Expected}");
            case JsonTokenType.Number:
                throw new ValueException($"{Shown(ref reader)} is no integer of nanoseconds within range; {Expected}");
            default:
                throw new ValueException($"{JsonError.KindOf(reader.ValueSpan[0])} is no duration; {Expected}");
        }
    }

    public override void Write(Utf8JsonWriter writer, GivenDuration? value, JsonSerializerOptions options)
    {
        if (value is { Nanoseconds: var nanoseconds })
        {
            writer.WriteNumberValue(nanoseconds);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    private static string TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half a character, which no duration has.
            return Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }

    private static string Shown(ref Utf8JsonReader reader)
    {
        var raw = Encoding.UTF8.GetString(reader.ValueSpan);
        var cut = raw.Length > LongestValue ? raw[..LongestValue] + "…" : raw;
        return reader.TokenType is JsonTokenType.String ? $"\"{cut}\"" : cut;
    }
}

/// <summary>Durations in lists of requests.</summary>
internal sealed class ListedDurationConverter : JsonConverter<GivenDuration>
{
    private static readonly DurationConverter One = new();

    public override bool HandleNull => true;

    public override GivenDuration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        One.Read(ref reader, typeToConvert, options) ?? throw new ValueException($"null is no duration; {DurationConverter.Expected}");

    public override void Write(Utf8JsonWriter writer, GivenDuration value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Nanoseconds);
}
