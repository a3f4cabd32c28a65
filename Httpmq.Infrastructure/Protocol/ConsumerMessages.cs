using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Httpmq.Domain.Consumers;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>Creates or updates a consumer.</summary>
/// <param name="StreamName">The stream.</param>
/// <param name="Config">The whole configuration.</param>
/// <param name="Action">
/// From nats-server 2.10 on: <c>create</c> is refused where the consumer exists with another configuration, <c>update</c> where it
/// does not exist. Earlier ones ignore it; which of them answers in a cluster is not known before.
/// </param>
internal sealed record ConsumerCreateRequest(
    string StreamName,
    JsonObject Config,
    string Action);

internal record ConsumerInfoWire : ApiResponse
{
    public string? StreamName { get; init; }

    public string? Name { get; init; }

    public DateTimeOffset Created { get; init; }

    [JsonConverter(typeof(GivenConsumerConverter))]
    public GivenConfig<ConsumerConfig>? Config { get; init; }

    public SequenceInfo? Delivered { get; init; }

    public SequenceInfo? AckFloor { get; init; }

    public long NumAckPending { get; init; }

    public long NumRedelivered { get; init; }

    public long NumWaiting { get; init; }

    public ulong NumPending { get; init; }

    public bool PushBound { get; init; }

    /// <summary>The server's clock when it answered; from nats-server 2.10 on.</summary>
    public DateTimeOffset? Ts { get; init; }

    /// <summary>Whether it is paused; from nats-server 2.11 on.</summary>
    public bool Paused { get; init; }

    public long PauseRemaining { get; init; }

    public IReadOnlyList<PriorityGroupState>? PriorityGroups { get; init; }

    /// <summary>Absent without a cluster.</summary>
    public ClusterWire? Cluster { get; init; }
}

/// <summary>The servers that keep copies.</summary>
internal sealed record ClusterWire
{
    /// <summary>The name of the leader's server.</summary>
    public string? Leader { get; init; }

    /// <summary>All but the leader.</summary>
    public IReadOnlyList<ReplicaWire>? Replicas { get; init; }

    /// <summary>Since when the leader has been one; from nats-server 2.12 on.</summary>
    public DateTimeOffset? LeaderSince { get; init; }

    /// <summary>
    /// Whether the leader has just heard from so many copies that no other can have been elected. One that is cut off goes on answering
    /// for up to 10 s, while the others may have elected another leader (measured on 2.9.10 and 2.15.1).
    /// </summary>
    public bool LeadsForCertain =>
        Leader is { Length: > 0 }
        && (Replicas is not { Count: > 0 and var others } replicas
            || 1 + replicas.Count(static replica => replica.IsHeard) > (others + 1) / 2);
}

/// <summary>A copy as its leader sees it.</summary>
/// <param name="Active">How long ago the leader heard from it, in nanoseconds; 0 also where it never did.</param>
internal sealed record ReplicaWire(bool Current, bool Offline, long Active)
{
    // A leader hears from each copy about once a second. Nobody is elected in its place while most copies hear from it.
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(1.5);

    public bool IsHeard => Current && !Offline && Active <= Lately.TotalNanoseconds;
}

internal sealed record ConsumerListResponse : ApiResponse
{
    public long Total { get; init; }

    public IReadOnlyList<ConsumerInfoWire>? Consumers { get; init; }
}

/// <summary>Stops deliveries until then; absent: they go on.</summary>
internal sealed record PauseRequest(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? PauseUntil);

internal sealed record PauseResponse : ApiResponse
{
    public bool Paused { get; init; }

    public DateTimeOffset PauseUntil { get; init; }

    public long PauseRemaining { get; init; }
}

/// <summary>Goes on from this sequence; absent: from the first that is not acknowledged.</summary>
internal sealed record ResetRequest([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Seq);

internal sealed record ResetResponse : ApiResponse
{
    public ulong ResetSeq { get; init; }
}

internal sealed record UnpinRequest(string Group);

/// <summary>Asks a pull consumer for messages; durations in nanoseconds.</summary>
internal sealed record PullRequest(int Batch, long Expires, long IdleHeartbeat);

/// <summary>As <see cref="PullRequest"/>, for one pull with all that it may say; what is null is not said.</summary>
internal sealed record SinglePullRequest
{
    public required int Batch { get; init; }

    public long? Expires { get; init; }

    public bool? NoWait { get; init; }

    public long? MaxBytes { get; init; }

    public long? IdleHeartbeat { get; init; }

    public string? Group { get; init; }

    public string? Id { get; init; }

    public int? Priority { get; init; }

    public long? MinPending { get; init; }

    public long? MinAckPending { get; init; }
}

/// <summary>What is sent without what is null in it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SinglePullRequest))]
[JsonSerializable(typeof(MessageQuery))]
internal sealed partial class BriefJson : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(UtcConverter)])]
[JsonSerializable(typeof(ApiResponse))]
[JsonSerializable(typeof(AccountInfoWire))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(StreamInfoWire))]
[JsonSerializable(typeof(PageRequest))]
[JsonSerializable(typeof(StreamListResponse))]
[JsonSerializable(typeof(StreamNamesRequest))]
[JsonSerializable(typeof(StreamNamesResponse))]
[JsonSerializable(typeof(MessageGetRequest))]
[JsonSerializable(typeof(MessageGetResponse))]
[JsonSerializable(typeof(MessageDeleteRequest))]
[JsonSerializable(typeof(PurgeRequest))]
[JsonSerializable(typeof(PurgeResponse))]
[JsonSerializable(typeof(SubjectsRequest))]
[JsonSerializable(typeof(SubjectsResponse))]
[JsonSerializable(typeof(StoredResponse))]
[JsonSerializable(typeof(ConsumerCreateRequest))]
[JsonSerializable(typeof(ConsumerInfoWire))]
[JsonSerializable(typeof(ConsumerListResponse))]
[JsonSerializable(typeof(StreamLagResponse))]
[JsonSerializable(typeof(ConsumerLagResponse))]
[JsonSerializable(typeof(StreamTraitsResponse))]
[JsonSerializable(typeof(LastMessageRequest))]
[JsonSerializable(typeof(ConsumerFiltersResponse))]
[JsonSerializable(typeof(PauseRequest))]
[JsonSerializable(typeof(PauseResponse))]
[JsonSerializable(typeof(ResetRequest))]
[JsonSerializable(typeof(ResetResponse))]
[JsonSerializable(typeof(UnpinRequest))]
[JsonSerializable(typeof(PullRequest))]
internal sealed partial class WireJson : JsonSerializerContext;
