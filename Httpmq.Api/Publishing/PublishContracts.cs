using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Publishing;

/// <summary>Where a message was stored.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","sequence":1}</example>
internal sealed record PublishAnswer : Answer
{
    /// <summary>The stream that stored it.</summary>
    public required string Stream { get; init; }

    /// <summary>Its sequence in that stream.</summary>
    public required ulong Sequence { get; init; }
}

// For OpenAPI only: BatchRecordReader.cs and BatchOutcomeWriter.cs read and write these lines piece by piece.

/// <summary>A message to publish: one line of a batch.</summary>
/// <example>{"subject":"orders.new","b64_msg":"SGVsbG8gV29ybGQK"}</example>
internal sealed record PublishRecordContract
{
    /// <summary>The subject to publish to; no wildcards.</summary>
    [Field(Required = true)]
    public string? Subject { get; init; }

    /// <summary>The message as standard base64 with padding, at least one byte.</summary>
    [Field(Required = true)]
    public byte[]? B64Msg { get; init; }
}

/// <summary>What became of one record of a batch.</summary>
/// <param name="Success">Whether JetStream stored it.</param>
/// <param name="Line">The line of the request that held it, from 1; blank lines count, and have no outcome.</param>
/// <param name="Stream">The stream that stored it; not there with an error.</param>
/// <param name="Sequence">Its sequence in that stream; not there with an error.</param>
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
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErrorContract? Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings);

[JsonSerializable(typeof(PublishAnswer))]
internal sealed partial class PublishingJson : JsonSerializerContext
{
    public static PublishingJson Wire { get; } = new(WireJson.Options());
}
