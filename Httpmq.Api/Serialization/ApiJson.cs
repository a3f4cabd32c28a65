using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Api.Contracts;

namespace Httpmq.Api.Serialization;

/// <summary>JSON as the contract has it: snake case, field names in any case, every key always there, compact.</summary>
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(FailureAnswer))]
[JsonSerializable(typeof(StreamParameters))]
[JsonSerializable(typeof(StreamLimitParameters))]
[JsonSerializable(typeof(SubjectsParameters))]
[JsonSerializable(typeof(StreamsAnswer))]
[JsonSerializable(typeof(StreamAnswer))]
[JsonSerializable(typeof(ConsumerParameters))]
[JsonSerializable(typeof(ConsumersAnswer))]
[JsonSerializable(typeof(ConsumerAnswer))]
[JsonSerializable(typeof(PublishAnswer))]
[JsonSerializable(typeof(AckParameters))]
[JsonSerializable(typeof(AckRequest))]
[JsonSerializable(typeof(AckBatchAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>The one set of options; the answers are never embedded in HTML, so only JSON's own escapes are needed.</summary>
    public static ApiJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        PropertyNameCaseInsensitive = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new UtcTimeConverter(), new AckRequestConverter() },
    });
}

/// <summary>Times as RFC 3339 in UTC with a <c>Z</c>, the fraction as short as it is, as the original wrote them.</summary>
internal sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[33];
        value.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
