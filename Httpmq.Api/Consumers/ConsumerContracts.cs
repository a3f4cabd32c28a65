using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Consumers;

/// <summary>A durable consumer to define; all messages with explicit acknowledgement, where nothing else is said.</summary>
internal sealed record ConsumerParameters : ConsumerConfig
{
    /// <summary>push: JetStream sends to one subscriber, or to a delivery group; pull: any number of subscribers share.</summary>
    [Field(Required = true, Values = ["push", "pull"])]
    public string? Mode { get; init; }
}

/// <summary>The whole configuration of a consumer; what is absent becomes JetStream's default.</summary>
internal sealed record ConsumerReplacement : ConsumerConfig
{
    /// <summary>As it is; it cannot be changed.</summary>
    [Field(Values = ["push", "pull"])]
    public string? Mode { get; init; }
}

/// <summary>All consumers of a stream by name.</summary>
internal sealed record ConsumersAnswer : Answer
{
    /// <summary>The consumers by name; <c>{}</c> when there are none.</summary>
    public required IReadOnlyDictionary<string, ConsumerInfo> Consumers { get; init; }

    /// <summary>How many there are without `offset` and `limit`; only where a part of the list was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Total { get; init; }
}

/// <summary>One consumer.</summary>
internal sealed record ConsumerAnswer : Answer
{
    /// <summary>The consumer.</summary>
    public required ConsumerInfo Consumer { get; init; }
}

[JsonSerializable(typeof(ConsumerParameters))]
[JsonSerializable(typeof(ConsumerReplacement))]
[JsonSerializable(typeof(PauseParameters))]
[JsonSerializable(typeof(PauseAnswer))]
[JsonSerializable(typeof(ResetParameters))]
[JsonSerializable(typeof(ResetAnswer))]
[JsonSerializable(typeof(UnpinParameters))]
[JsonSerializable(typeof(ConsumersAnswer))]
[JsonSerializable(typeof(ConsumerAnswer))]
internal sealed partial class ConsumersJson : JsonSerializerContext
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["durable_name"] = "name",
        ["description"] = "notes",
        ["deliver_group"] = "delivery_group",
        ["max_ack_pending"] = "max_inflight",
        ["max_deliver"] = "max_retry",
    };

    private static readonly Dictionary<string, string> Aliases =
        Words.ToDictionary(static word => word.Value, static word => word.Key, StringComparer.Ordinal);

    private static readonly string[] First =
        ["name", "notes", "filter_subject", "delivery_group", "max_inflight", "max_retry", "ack_wait", "mode"];

    public static ShapedJson Wire { get; } = new(
        new ConsumersJson(),
        new Shape(typeof(ConsumerParameters))
        {
            IsRequest = true,
            Words = Words,
            Aliases = Aliases,
            Hidden = ["deliver_subject"],
            First = First,
            Example = """{"name":"billing","mode":"push","max_inflight":4,"filter_subject":"orders.new"}""",
        },
        new Shape(typeof(ConsumerReplacement))
        {
            IsRequest = true,
            Words = Words,
            Aliases = Aliases,
            First = First,
            Optional = ["name", "max_inflight"],
            Example = """{"max_inflight":1000,"max_retry":5,"backoff":[1000000000,30000000000],"filter_subject":"orders.new"}""",
        },
        new Shape(typeof(ConsumerConfig))
        {
            Words = new Dictionary<string, string>(StringComparer.Ordinal) { ["description"] = "notes" },
            Hidden = ["durable_name"],
            First =
            [
                "notes", "deliver_subject", "deliver_group", "max_deliver", "ack_wait", "filter_subject", "max_waiting", "max_ack_pending",
            ],
        },
        new Shape(typeof(SequenceInfo)),
        new Shape(typeof(ConsumerInfo))
        {
            Hidden = ["push_bound", "has_stable_created", "answered_at"],
            Example = """
                {"stream_name":"orders","name":"billing","created":"2026-01-15T09:30:00.123456Z","config":{"notes":"",
                "deliver_subject":"httpmq.deliver.vLk2","deliver_group":"","max_deliver":-1,"ack_wait":30000000000,
                "filter_subject":"orders.new","max_waiting":0,"max_ack_pending":4},"delivered":{"consumer_seq":1,"stream_seq":1,
                "last_active":"2026-01-15T09:31:00.5Z"},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":1,
                "num_redelivered":0,"num_waiting":0,"num_pending":0}
                """,
        });
}
