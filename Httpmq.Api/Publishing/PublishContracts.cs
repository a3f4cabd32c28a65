using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Publishing;

/// <summary>Where a message was stored.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","sequence":1}</example>
internal sealed record PublishAnswer : Answer
{
    /// <summary>The stream that stored it.</summary>
    public required string Stream { get; init; }

    /// <summary>Its sequence in that stream; of a duplicate, that of the first message with its id.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>The stream had a message with the same id already, and nothing was stored; not there otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Duplicate { get; init; }

    /// <summary>What the counter counts with this message, as a decimal number of any length; not there where it is no counter.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Value { get; init; }

    public static PublishAnswer Of(string requestId, in PublishOutcome outcome) => new()
    {
        RequestId = requestId,
        Stream = outcome.Stream!,
        Sequence = outcome.Sequence,
        Duplicate = outcome.Duplicate ? true : null,
        Value = outcome.Value,
    };

    /// <summary>Writes what the serializer would write of <see cref="Of"/>, without warnings.</summary>
    public static void Write(Utf8JsonWriter json, in (string RequestId, PublishOutcome Outcome) answer)
    {
        json.WriteStartObject();
        json.WriteBoolean(SuccessName, value: true);
        json.WriteString(RequestIdName, answer.RequestId);
        json.WriteString(Names.Stream, answer.Outcome.Stream);
        json.WriteNumber(Names.Sequence, answer.Outcome.Sequence);
        if (answer.Outcome.Duplicate)
        {
            json.WriteBoolean(Names.Duplicate, value: true);
        }

        if (answer.Outcome.Value is { } value)
        {
            json.WriteString(Names.Value, value);
        }

        json.WriteEndObject();
    }

    private static class Names
    {
        public static readonly JsonEncodedText Stream = JsonEncodedText.Encode("stream");
        public static readonly JsonEncodedText Sequence = JsonEncodedText.Encode("sequence");
        public static readonly JsonEncodedText Duplicate = JsonEncodedText.Encode("duplicate");
        public static readonly JsonEncodedText Value = JsonEncodedText.Encode("value");
    }
}

/// <summary>Where an atomic batch was stored: its records have consecutive sequences.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","first_sequence":18,"last_sequence":20,"count":3}</example>
internal sealed record AtomicAnswer : Answer
{
    /// <summary>The stream that stored it.</summary>
    public required string Stream { get; init; }

    /// <summary>The first record's sequence in that stream.</summary>
    public required ulong FirstSequence { get; init; }

    /// <summary>The last record's sequence in that stream.</summary>
    public required ulong LastSequence { get; init; }

    /// <summary>How many records.</summary>
    public required int Count { get; init; }

    public static AtomicAnswer Of(string requestId, AtomicOutcome outcome) => new()
    {
        RequestId = requestId,
        Stream = outcome.Stream!,
        FirstSequence = outcome.FirstSequence,
        LastSequence = outcome.LastSequence,
        Count = outcome.Count,
    };
}

// For OpenAPI only: BatchRecordReader.cs and BatchOutcomeWriter.cs read and write these lines piece by piece.

/// <summary>A message to publish: one line of a batch.</summary>
/// <example>{"subject":"orders.new","msg":"Hello World","headers":{"Trace-Id":["7"]},"id":"order-17","ttl":"1h"}</example>
internal sealed record PublishRecordContract
{
    /// <summary>The subject to publish to; no wildcards.</summary>
    [Field(Required = true)]
    public string? Subject { get; init; }

    /// <summary>
    /// The message as standard base64 with padding, at least one byte. A record has one of `b64_msg`, `msg` and `json`; one with the header
    /// `Nats-Incr` has none.
    /// </summary>
    public byte[]? B64Msg { get; init; }

    /// <summary>The message as text, stored as UTF-8.</summary>
    public string? Msg { get; init; }

    /// <summary>The message as any JSON value, stored as it is written.</summary>
    public object? Json { get; init; }

    /// <summary>The message's headers, with names as given, each with its values; a single one may stand without the list.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Headers { get; init; }

    /// <summary>Identifies the message: sent again within the stream's `duplicate_window` it is stored once. NATS: `Nats-Msg-Id`.</summary>
    public string? Id { get; init; }

    /// <summary>Store the message only while its subject's last message has this sequence; 0: while the subject has none.</summary>
    [Field(Minimum = 0)]
    public ulong? ExpectedLastSubjectSequence { get; init; }

    /// <summary>How long the message is kept, at least 1 s, or `"never"`: for ever. Needs nats-server 2.11.</summary>
    public GivenDuration? Ttl { get; init; }
}

/// <summary>What became of one record of a batch.</summary>
/// <param name="Success">Whether JetStream stored it.</param>
/// <param name="Line">The line of the request that held it, from 1; blank lines count, and have no outcome.</param>
/// <param name="Stream">The stream that stored it; not there with an error.</param>
/// <param name="Sequence">Its sequence in that stream; not there with an error.</param>
/// <param name="Duplicate">The stream had a message with the same id already, and nothing was stored; not there otherwise.</param>
/// <param name="Value">What the counter counts with this message, as a decimal number; not there where it is no counter.</param>
/// <param name="Error">Why it was not stored, or why that is not known; not there where it was.</param>
/// <param name="Warnings">
/// Fields of the record that are not known, and had no effect; not there when there are none. `?strict=true` refuses the record instead.
/// </param>
/// <example>{"success":true,"line":1,"stream":"orders","sequence":1}</example>
internal sealed record PublishOutcomeContract(
    bool Success,
    ulong Line,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Stream,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Sequence,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Duplicate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErrorContract? Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings);

[JsonSerializable(typeof(PublishAnswer))]
[JsonSerializable(typeof(EventBatchAnswer))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(AtomicAnswer))]
internal sealed partial class PublishingJson : JsonSerializerContext
{
    public static PublishingJson Wire { get; } = new(WireJson.Options());
}
