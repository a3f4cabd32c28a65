using System.Text.Json;
using System.Text.Json.Serialization;

namespace Httpmq.Infrastructure.Protocol;

internal sealed record ConsumerConfigWire
{
    public string? DurableName { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DeliverSubject { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DeliverGroup { get; init; }

    public string DeliverPolicy { get; init; } = "all";

    public string AckPolicy { get; init; } = "explicit";

    public long AckWait { get; init; }

    public long MaxDeliver { get; init; } = -1;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? FilterSubject { get; init; }

    /// <summary>From nats-server 2.10 on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? FilterSubjects { get; init; }

    public string ReplayPolicy { get; init; } = "instant";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long MaxWaiting { get; init; }

    public long MaxAckPending { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Extra { get; set; }

    /// <summary>In an answer: the version of the server that gave it, from nats-server 2.11 on; null on earlier ones.</summary>
    [JsonIgnore]
    public string? LeaderVersion =>
        Extra?.TryGetValue("metadata", out var metadata) is true
        && metadata.ValueKind is JsonValueKind.Object
        && metadata.TryGetProperty(ServerFacts.VersionMetadata, out var version)
        && version.ValueKind is JsonValueKind.String
            ? version.GetString()
            : null;
}

/// <summary>Creates or updates a consumer.</summary>
/// <param name="StreamName">The stream.</param>
/// <param name="Config">The whole configuration.</param>
/// <param name="Action">
/// From nats-server 2.10 on: <c>create</c> is refused where the consumer exists with another configuration, <c>update</c> where it
/// does not exist. Earlier ones ignore it; which of them answers in a cluster is not known before.
/// </param>
internal sealed record ConsumerCreateRequest(
    string StreamName,
    ConsumerConfigWire Config,
    string Action);

internal sealed record SequenceInfoWire
{
    public ulong ConsumerSeq { get; init; }

    public ulong StreamSeq { get; init; }

    public DateTimeOffset? LastActive { get; init; }
}

internal record ConsumerInfoWire : ApiResponse
{
    public string? StreamName { get; init; }

    public string? Name { get; init; }

    public DateTimeOffset Created { get; init; }

    public ConsumerConfigWire? Config { get; init; }

    public SequenceInfoWire? Delivered { get; init; }

    public SequenceInfoWire? AckFloor { get; init; }

    public long NumAckPending { get; init; }

    public long NumRedelivered { get; init; }

    public long NumWaiting { get; init; }

    public ulong NumPending { get; init; }

    public bool PushBound { get; init; }

    /// <summary>The server's clock when it answered; from nats-server 2.10 on.</summary>
    public DateTimeOffset? Ts { get; init; }

    /// <summary>Absent without a cluster.</summary>
    public ClusterWire? Cluster { get; init; }
}

/// <summary>The servers that keep copies, without the leader.</summary>
internal sealed record ClusterWire
{
    public IReadOnlyList<JsonElement>? Replicas { get; init; }

    /// <summary>Since when the leader has been one; from nats-server 2.12 on.</summary>
    public DateTimeOffset? LeaderSince { get; init; }
}

internal sealed record ConsumerListResponse : ApiResponse
{
    public long Total { get; init; }

    public IReadOnlyList<ConsumerInfoWire>? Consumers { get; init; }
}

/// <summary>Asks a pull consumer for messages; durations in nanoseconds.</summary>
internal sealed record PullRequest(int Batch, long Expires, long IdleHeartbeat);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ApiResponse))]
[JsonSerializable(typeof(StreamConfigWire))]
[JsonSerializable(typeof(StreamInfoWire))]
[JsonSerializable(typeof(PageRequest))]
[JsonSerializable(typeof(StreamListResponse))]
[JsonSerializable(typeof(StreamNamesRequest))]
[JsonSerializable(typeof(StreamNamesResponse))]
[JsonSerializable(typeof(MessageGetRequest))]
[JsonSerializable(typeof(MessageGetResponse))]
[JsonSerializable(typeof(MessageDeleteRequest))]
[JsonSerializable(typeof(StoredResponse))]
[JsonSerializable(typeof(ConsumerCreateRequest))]
[JsonSerializable(typeof(ConsumerInfoWire))]
[JsonSerializable(typeof(ConsumerListResponse))]
[JsonSerializable(typeof(PullRequest))]
internal sealed partial class WireJson : JsonSerializerContext;
