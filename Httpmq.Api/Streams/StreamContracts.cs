using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;

namespace Httpmq.Api.Streams;

/// <summary>Limits of a stream. What is absent or null is JetStream's default, or stays as it is in a change.</summary>
internal sealed record StreamLimitParameters : StreamLimits;

/// <summary>A stream to define.</summary>
internal sealed record StreamParameters : StreamConfig;

/// <summary>The whole configuration of a stream; what is absent becomes JetStream's default.</summary>
internal sealed record StreamReplacement : StreamConfig;

/// <summary>The subjects that a stream takes from now on.</summary>
/// <example>{"subjects":["orders.*","returns.>"]}</example>
internal sealed record SubjectsParameters
{
    /// <summary>At least one subject, at most 1000, wildcards allowed.</summary>
    [Field(Required = true, MinItems = 1)]
    public IReadOnlyList<string?>? Subjects { get; init; }
}

/// <summary>All streams by name.</summary>
internal sealed record StreamsAnswer : Answer
{
    /// <summary>The streams by name; <c>{}</c> when there are none.</summary>
    public required IReadOnlyDictionary<string, StreamInfo> Streams { get; init; }

    /// <summary>How many there are without `offset` and `limit`; only where a part of the list was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Total { get; init; }
}

/// <summary>One stream.</summary>
internal sealed record StreamAnswer : Answer
{
    /// <summary>The stream.</summary>
    public required StreamInfo Stream { get; init; }
}

[JsonSerializable(typeof(StreamParameters))]
[JsonSerializable(typeof(StreamReplacement))]
[JsonSerializable(typeof(StreamLimitParameters))]
[JsonSerializable(typeof(SubjectsParameters))]
[JsonSerializable(typeof(PurgeParameters))]
[JsonSerializable(typeof(PurgeAnswer))]
[JsonSerializable(typeof(MessageAnswer))]
[JsonSerializable(typeof(StreamSubjectsAnswer))]
[JsonSerializable(typeof(StreamsAnswer))]
[JsonSerializable(typeof(StreamAnswer))]
internal sealed partial class StreamsJson : JsonSerializerContext
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal) { ["num_replicas"] = "replicas" };

    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal) { ["replicas"] = "num_replicas" };

    public static ShapedJson Wire { get; } = new(
        new StreamsJson(),
        new Shape(typeof(StreamLimitParameters))
        {
            IsRequest = true,
            Example = """{"max_age":300000000000,"max_msgs":1000000}""",
        },
        new Shape(typeof(StreamParameters))
        {
            IsRequest = true,
            Extends = typeof(StreamLimitParameters),
            Words = Words,
            Aliases = Aliases,
            Example = """{"name":"orders","subjects":["orders.*"],"max_age":300000000000}""",
        },
        new Shape(typeof(StreamReplacement))
        {
            IsRequest = true,
            Extends = typeof(StreamLimitParameters),
            Words = Words,
            Aliases = Aliases,
            Optional = ["name"],
            Example = """{"subjects":["orders.*"],"max_age":"48h","discard":"new","max_bytes":1000000000,"allow_direct":true}""",
        },
        new Shape(typeof(StreamConfig))
        {
            Words = Words,
            First =
            [
                "name", "description", "subjects", "max_consumers", "max_msgs", "max_bytes", "max_age", "max_msgs_per_subject",
                "max_msg_size", "replicas",
            ],
        },
        new Shape(typeof(StreamInfo))
        {
            Hidden = ["takes_other_subjects"],
            Example = """
                {"config":{"name":"orders","description":"","subjects":["orders.*"],"max_consumers":-1,"max_msgs":-1,"max_bytes":-1,
                "max_age":300000000000,"max_msgs_per_subject":-1,"max_msg_size":-1,"replicas":1},"created":"2026-01-15T09:30:00.123456Z",
                "state":{"messages":1,"bytes":46,"first_seq":1,"first_ts":"2026-01-15T09:31:00.5Z","last_seq":1,
                "last_ts":"2026-01-15T09:31:00.5Z","consumer_count":1}}
                """,
        });
}
