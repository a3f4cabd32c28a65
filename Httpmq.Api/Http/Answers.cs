using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Api.Json;

namespace Httpmq.Api.Http;

/// <summary>What every answer holds.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77"}</example>
internal record Answer
{
    /// <summary>Whether the request succeeded.</summary>
    [JsonPropertyOrder(-2)]
    public bool Success { get; init; } = true;

    /// <summary>The request's own id from the request-id header, or a fresh one.</summary>
    [JsonPropertyOrder(-1)]
    public required string RequestId { get; init; }

    /// <summary>
    /// What was said in the request and had no effect, such as a misspelt field, or what the change means for others; not there when
    /// there is nothing to say. `?strict=true` refuses unknown fields and parameters instead.
    /// </summary>
    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Warnings { get; set; }

    /// <summary>Writes what the serializer would write of a success with this id and no warnings.</summary>
    public static void WriteSuccess(Utf8JsonWriter json, in string requestId)
    {
        json.WriteStartObject();
        json.WriteBoolean(SuccessName, value: true);
        json.WriteString(RequestIdName, requestId);
        json.WriteEndObject();
    }

    protected static JsonEncodedText SuccessName { get; } = JsonEncodedText.Encode("success");

    protected static JsonEncodedText RequestIdName { get; } = JsonEncodedText.Encode("request_id");
}

/// <summary>The answer to a request that failed; also the last line of a subscription that ends.</summary>
/// <example>{"success":false,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","error":{"code":404,"message":"Failed to read stream orders","detail":"stream not found (err_code 10059)","type":"stream-not-found"}}</example>
internal sealed record FailureAnswer : Answer
{
    /// <summary>What went wrong.</summary>
    public required ErrorContract Error { get; init; }
}

/// <summary>What went wrong.</summary>
/// <param name="Code">The HTTP status. In the last line of a subscription, whose status was sent long ago: the one that fits.</param>
/// <param name="Message">What failed, in one short sentence.</param>
/// <param name="Detail">Why: the field and its value, or JetStream's own text with its err_code.</param>
/// <param name="Type">
/// The failure's name, which never changes: what a program goes by. `GET /errors/{type}` says what to do, `GET /errors` lists them; new
/// ones may be added.
/// </param>
/// <param name="LastSequence">
/// Of a condition that does not hold: the last sequence that JetStream has instead, of the subject or the stream; not there where it does
/// not say.
/// </param>
/// <param name="Index">
/// Of an atomic batch: the first record at fault, from 0, blank lines not counted; not there where it is none or cannot be told.
/// </param>
internal sealed record ErrorContract(
    int Code,
    string Message,
    string Detail,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? LastSequence = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index = null);

[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(FailureAnswer))]
internal sealed partial class AnswerJson : JsonSerializerContext
{
    public static AnswerJson Wire { get; } = new(WireJson.Options());
}
