using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>
/// A configuration as JetStream gave it. What is changed is changed in its JSON, so that fields that are not known here go back as they
/// came.
/// </summary>
/// <param name="Json">All of it; not to be changed.</param>
/// <param name="Known">The part that is known here, as it came.</param>
internal sealed record GivenConfig<T>(JsonObject Json, T Known)
{
    /// <summary>The text of a field; null where there is none.</summary>
    public string? Text(string field) => Json[field] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>The number in a field; null where there is none.</summary>
    public long? Number(string field) => Json[field] is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;

    /// <summary>Whether a field is <c>true</c>.</summary>
    public bool IsOn(string field) => Json[field]?.GetValueKind() is JsonValueKind.True;

    /// <summary>Whether a field holds an object or a list.</summary>
    public bool Holds(string field) => Json[field] is JsonObject or JsonArray;

    /// <summary>Whether each redelivery has a delay of its own.</summary>
    public bool HasBackoff { get; } = Json["backoff"] is JsonArray { Count: > 0 };

    /// <summary>The version of the server that gave it, from nats-server 2.11 on; null on earlier ones.</summary>
    // Read at once: one answer may serve several acknowledgements at the same time, and a JsonObject is only built when it is first asked.
    public string? LeaderVersion { get; } = Json["metadata"] is JsonObject metadata
        && metadata[ServerFacts.VersionMetadata] is JsonValue value
        && value.TryGetValue<string>(out var version)
            ? version
            : null;
}

/// <summary>How configurations become JSON and come from it.</summary>
internal static class Configurations
{
    /// <summary>The fields that are named, and no others.</summary>
    public static JsonObject Named(StreamConfig config) => ToJson(config, ConfigJson.Default.StreamConfig);

    /// <inheritdoc cref="Named(StreamConfig)"/>
    public static JsonObject Named(StreamLimits limits) => ToJson(limits, ConfigJson.Default.StreamLimits);

    /// <inheritdoc cref="Named(StreamConfig)"/>
    public static JsonObject Named(ConsumerConfig config) => ToJson(config, ConfigJson.Default.ConsumerConfig);

    /// <summary>A copy with the fields of a change. What nats-server wrote into the metadata stays there.</summary>
    public static JsonObject With(this JsonObject current, JsonObject change)
    {
        var changed = (JsonObject)current.DeepClone();
        foreach (var (field, value) in change)
        {
            var now = value?.DeepClone();
            if (field is "metadata" && now is JsonObject metadata && current[field] is JsonObject before)
            {
                foreach (var (name, text) in before.Where(static entry => Metadata.IsReserved(entry.Key)))
                {
                    metadata[name] = text?.DeepClone();
                }
            }

            changed[field] = now;
        }

        return changed;
    }

    private static JsonObject ToJson<T>(T config, JsonTypeInfo<T> type) => (JsonObject)JsonSerializer.SerializeToNode(config, type)!;
}

internal abstract class GivenConfigConverter<T>(JsonTypeInfo<T> type) : JsonConverter<GivenConfig<T>>
{
    public override GivenConfig<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonNode.Parse(ref reader) is JsonObject json && json.Deserialize(type) is { } known
            ? new GivenConfig<T>(json, known)
            : throw new JsonException("a configuration is no object");

    public override void Write(Utf8JsonWriter writer, GivenConfig<T> value, JsonSerializerOptions options) =>
        value.Json.WriteTo(writer, options);
}

internal sealed class GivenStreamConverter() : GivenConfigConverter<StreamConfig>(ConfigJson.Default.StreamConfig);

internal sealed class GivenConsumerConverter() : GivenConfigConverter<ConsumerConfig>(ConfigJson.Default.ConsumerConfig);

/// <summary>JetStream's durations are integers of nanoseconds.</summary>
internal sealed class NanosecondsConverter : JsonConverter<GivenDuration>
{
    public override GivenDuration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetInt64();

    public override void Write(Utf8JsonWriter writer, GivenDuration value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Nanoseconds);
}

/// <summary>
/// Times in UTC with a <c>Z</c>. The framework writes an offset, whose plus it escapes, and nats-server 2.9 does not read that.
/// </summary>
internal sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(NanosecondsConverter), typeof(UtcConverter)])]
[JsonSerializable(typeof(StreamLimits))]
[JsonSerializable(typeof(StreamConfig))]
[JsonSerializable(typeof(ConsumerConfig))]
internal sealed partial class ConfigJson : JsonSerializerContext;
