using System.Text.Json;
using System.Text.Json.Serialization;

namespace Httpmq.Infrastructure.Protocol;

// JetStream's JSON API, as far as it is used here; https://docs.nats.io/reference/reference-protocols/nats_api_reference.
// Durations are nanoseconds. What a newer server sends beyond these fields is kept in Extra, so that reading a
// configuration, changing one field and writing it back loses nothing (docs/adr/0005-own-jetstream-api-wire-records.md).

/// <summary>What every answer may hold.</summary>
internal record ApiResponse
{
    /// <summary>What it answers: <c>io.nats.jetstream.api.v1.…</c>.</summary>
    public string? Type { get; init; }

    public ApiError? Error { get; init; }
}

internal sealed record ApiError(int Code, int ErrCode, string? Description);

internal sealed record StreamConfigWire
{
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Subjects { get; init; }

    public string Retention { get; init; } = "limits";

    public long MaxConsumers { get; init; } = -1;

    public long MaxMsgs { get; init; } = -1;

    public long MaxBytes { get; init; } = -1;

    public long MaxAge { get; init; }

    public long MaxMsgsPerSubject { get; init; } = -1;

    public int MaxMsgSize { get; init; } = -1;

    public string Storage { get; init; } = "file";

    public int NumReplicas { get; init; } = 1;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long DuplicateWindow { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Extra { get; set; }
}

internal sealed record StreamStateWire
{
    public ulong Messages { get; init; }

    public ulong Bytes { get; init; }

    public ulong FirstSeq { get; init; }

    public DateTimeOffset FirstTs { get; init; }

    public ulong LastSeq { get; init; }

    public DateTimeOffset LastTs { get; init; }

    public long ConsumerCount { get; init; }
}

internal record StreamInfoWire : ApiResponse
{
    public StreamConfigWire? Config { get; init; }

    public DateTimeOffset Created { get; init; }

    public StreamStateWire? State { get; init; }
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

internal sealed record MessageDeleteRequest(ulong Seq, bool NoErase);

/// <summary>The answer to a message: where it was stored, or why not. It has no type.</summary>
internal sealed record StoredResponse(string? Stream, ulong Seq, ApiError? Error);

internal sealed record MessageGetResponse : ApiResponse
{
    public StoredMessageWire? Message { get; init; }
}

internal sealed record StoredMessageWire(string? Subject, ulong Seq);
