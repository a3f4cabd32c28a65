using System.Text.Json.Serialization;
using Httpmq.Domain.Streams;

namespace Httpmq.Infrastructure.Protocol;

// JetStream's JSON API, as far as it is used here; https://docs.nats.io/reference/reference-protocols/nats_api_reference.
// Durations are nanoseconds. Configurations are in Configurations.cs.

/// <summary>What every answer may hold.</summary>
internal record ApiResponse
{
    /// <summary>What it answers: <c>io.nats.jetstream.api.v1.…</c>.</summary>
    public string? Type { get; init; }

    public ApiError? Error { get; init; }
}

internal sealed record ApiError(int Code, int ErrCode, string? Description);

internal record StreamInfoWire : ApiResponse
{
    [JsonConverter(typeof(GivenStreamConverter))]
    public GivenConfig<StreamConfig>? Config { get; init; }

    public DateTimeOffset Created { get; init; }

    public StreamState? State { get; init; }
}

/// <summary>Asks for a page of a list; streams may be those that take a subject.</summary>
internal sealed record PageRequest(
    int Offset,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Subject = null);

internal sealed record StreamListResponse : ApiResponse
{
    public long Total { get; init; }

    public IReadOnlyList<StreamInfoWire>? Streams { get; init; }
}

internal sealed record StreamNamesRequest(string Subject);

internal sealed record StreamNamesResponse : ApiResponse
{
    public IReadOnlyList<string>? Streams { get; init; }
}

internal sealed record MessageGetRequest(ulong Seq);

/// <summary>Asks for one message, by one of its members; the first from a sequence on that a filter matches has two.</summary>
internal sealed record MessageQuery
{
    public ulong? Seq { get; init; }

    public string? NextBySubj { get; init; }

    public string? LastBySubj { get; init; }
}

internal sealed record MessageDeleteRequest(ulong Seq, bool NoErase);

/// <summary>The answer to a message: where it was stored, or why not. It has no type.</summary>
internal sealed record StoredResponse(string? Stream, ulong Seq, ApiError? Error);

internal sealed record MessageGetResponse : ApiResponse
{
    public StoredMessageWire? Message { get; init; }
}

/// <summary>A stored message; headers and data are base64 in JSON, and absent where they are empty.</summary>
internal sealed record StoredMessageWire(string? Subject, ulong Seq, byte[]? Hdrs, byte[]? Data, DateTimeOffset Time);

/// <summary>Removes messages: those before a sequence, or all but the newest; absent: all.</summary>
internal sealed record PurgeRequest(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Filter,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Seq,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Keep);

internal sealed record PurgeResponse : ApiResponse
{
    public ulong Purged { get; init; }
}

/// <summary>Asks for the subjects of a stream's messages, up to 100,000 at a time.</summary>
internal sealed record SubjectsRequest(string SubjectsFilter, int Offset);

internal sealed record SubjectsResponse : ApiResponse
{
    public long Total { get; init; }

    public SubjectsStateWire? State { get; init; }
}

internal sealed record SubjectsStateWire(IReadOnlyDictionary<string, ulong>? Subjects);
