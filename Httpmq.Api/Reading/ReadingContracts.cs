using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Reading;

/// <summary>A message as it is stored.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","subject":"orders.new","sequence":17,"time":"2026-11-24T16:00:00Z","headers":{"Trace-Id":["42"]},"b64_msg":"SGVsbG8gV29ybGQK"}</example>
internal sealed record StoredMessageAnswer : Answer
{
    /// <summary>The stream.</summary>
    public required string Stream { get; init; }

    /// <summary>The subject that it was published to.</summary>
    public required string Subject { get; init; }

    /// <summary>Its sequence in the stream; the answer's `ETag` as well.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>When it was stored.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Its headers, each with all its values; not there where it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, List<string>>? Headers { get; init; }

    /// <summary>The payload, base64.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? B64Msg { get; init; }

    /// <summary>The payload as text, with `encoding=utf8`.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Msg { get; init; }

    /// <summary>The payload as the JSON value that it is, with `encoding=json`.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public object? Json { get; init; }

    /// <summary>The answer for a message.</summary>
    public static StoredMessageAnswer Of(string requestId, StoredMessage message, PayloadEncoding encoding)
    {
        var payload = message.Payload;
        var fitting = encoding.Fit(payload.Span);
        return new StoredMessageAnswer
        {
            RequestId = requestId,
            Stream = message.Stream,
            Subject = message.Subject,
            Sequence = message.Sequence,
            Time = message.Time,
            Headers = HeadersText.ValuesOf(message.Headers) is { Count: > 0 } headers ? headers : null,
            B64Msg = fitting is PayloadEncoding.Base64 ? payload.ToArray() : null,
            Msg = fitting is PayloadEncoding.Utf8 ? Encoding.UTF8.GetString(payload.Span) : null,
            Json = fitting is PayloadEncoding.Json ? JsonElement.Parse(payload.Span) : null,
        };
    }
}

[JsonSerializable(typeof(StoredMessageAnswer))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ReadingJson : JsonSerializerContext
{
    public static ReadingJson Wire { get; } = new(WireJson.Options());
}
