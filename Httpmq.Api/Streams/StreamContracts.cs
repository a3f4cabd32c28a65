using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;

namespace Httpmq.Api.Streams;

/// <summary>Limits of a stream. What is absent or null is JetStream's default, or stays as it is in a change.</summary>
/// <example>{"max_age":300000000000,"max_msgs":1000000}</example>
internal record StreamLimitParameters
{
    /// <summary>Consumers, at least -1; -1 and 0: unlimited. JetStream refuses to change it later.</summary>
    [Schema(Minimum = -1)]
    public long? MaxConsumers { get; init; }

    /// <summary>Messages, at least -1; -1 and 0: unlimited.</summary>
    [Schema(Minimum = -1)]
    public long? MaxMsgs { get; init; }

    /// <summary>Bytes, at least -1; -1 and 0: unlimited.</summary>
    [Schema(Minimum = -1, Unit = "bytes")]
    public long? MaxBytes { get; init; }

    /// <summary>
    /// How long messages live: 0 for ever, else at least 100 ms. An integer is nanoseconds; text has units, such as "250ms", "30s", "1h30m".
    /// </summary>
    [Schema(Minimum = 0, IsDuration = true)]
    [JsonConverter(typeof(DurationConverter))]
    public GivenDuration? MaxAge { get; init; }

    /// <summary>Messages of one subject, at least -1; -1 and 0: unlimited.</summary>
    [Schema(Minimum = -1)]
    public long? MaxMsgsPerSubject { get; init; }

    /// <summary>Bytes of one message, at least -1; -1 and 0: unlimited.</summary>
    [Schema(Minimum = -1, Unit = "bytes")]
    public int? MaxMsgSize { get; init; }

    public StreamLimits ToLimits() => Limit(new StreamLimits());

    /// <summary>With these limits.</summary>
    protected T Limit<T>(T of)
        where T : StreamLimits => (T)(of with
        {
            MaxConsumers = MaxConsumers,
            MaxMsgs = MaxMsgs,
            MaxBytes = MaxBytes,
            MaxAge = MaxAge,
            MaxMsgsPerSubject = MaxMsgsPerSubject,
            MaxMsgSize = MaxMsgSize,
        });
}

/// <summary>A stream to define.</summary>
/// <example>{"name":"orders","subjects":["orders.*"],"max_age":300000000000}</example>
internal sealed record StreamParameters : StreamLimitParameters
{
    /// <summary>The stream's name: 1 to 255 of the characters A-Z a-z 0-9 - _.</summary>
    [Schema(Required = true, IsName = true)]
    public string? Name { get; init; }

    /// <summary>Subjects that the stream takes, at most 1000, wildcards allowed; none: the stream's name is its subject.</summary>
    public IReadOnlyList<string?>? Subjects { get; init; }

    /// <summary>Servers of a cluster that keep a copy of each message, 1 to 5; absent: 1. More than 1 needs a cluster of as many.</summary>
    [Schema(Minimum = 1, Maximum = StreamConfig.MostReplicas)]
    public int? Replicas { get; init; }

    /// <summary>A description, at most 4096 bytes.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// Names and texts that JetStream keeps and does not read, at most 128 KiB together; names that begin with _nats. are nats-server's own.
    /// From nats-server 2.10 on.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public StreamConfig ToConfig() => Limit(new StreamConfig
    {
        Name = Name,
        Description = Description,
        Subjects = Subjects!,
        NumReplicas = Replicas,
        Metadata = Metadata,
    });
}

/// <summary>The subjects that a stream takes from now on.</summary>
/// <example>{"subjects":["orders.*","returns.>"]}</example>
internal sealed record SubjectsParameters
{
    /// <summary>At least one subject, at most 1000, wildcards allowed.</summary>
    [Schema(Required = true, MinItems = 1)]
    public IReadOnlyList<string?>? Subjects { get; init; }
}

/// <summary>All streams by name.</summary>
internal sealed record StreamsAnswer : Answer
{
    /// <summary>The streams by name; <c>{}</c> when there are none.</summary>
    public required IReadOnlyDictionary<string, StreamInfoContract> Streams { get; init; }
}

/// <summary>One stream.</summary>
internal sealed record StreamAnswer : Answer
{
    /// <summary>The stream.</summary>
    public required StreamInfoContract Stream { get; init; }
}

/// <summary>A stream's configuration and state.</summary>
/// <param name="Config">Its configuration.</param>
/// <param name="Created">When it was created.</param>
/// <param name="State">What it holds.</param>
/// <example>{"config":{"name":"orders","description":"","subjects":["orders.*"],"max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":300000000000,"max_msgs_per_subject":-1,"max_msg_size":-1,"replicas":1},"created":"2026-01-15T09:30:00.123456Z","state":{"messages":1,"bytes":46,"first_seq":1,"first_ts":"2026-01-15T09:31:00.5Z","last_seq":1,"last_ts":"2026-01-15T09:31:00.5Z","consumer_count":1}}</example>
internal sealed record StreamInfoContract(StreamConfigContract Config, DateTimeOffset Created, StreamStateContract State)
{
    public static StreamInfoContract From(StreamInfo info) => new(
        new StreamConfigContract(
            info.Config.Name!,
            info.Config.Description!,
            info.Config.Subjects!,
            info.Config.MaxConsumers ?? -1,
            info.Config.MaxMsgs ?? -1,
            info.Config.MaxBytes ?? -1,
            info.Config.MaxAge?.Nanoseconds ?? 0,
            info.Config.MaxMsgsPerSubject ?? -1,
            info.Config.MaxMsgSize ?? -1,
            info.Config.NumReplicas ?? 1,
            info.Config.Metadata),
        info.Created,
        new StreamStateContract(
            info.State.Messages,
            info.State.Bytes,
            info.State.FirstSeq,
            info.State.FirstTs,
            info.State.LastSeq,
            info.State.LastTs,
            info.State.ConsumerCount));
}

/// <summary>A stream's configuration. A limit that is not set is -1, and <c>max_age</c> is 0.</summary>
/// <param name="Name">The stream's name.</param>
/// <param name="Description">A description; empty without one.</param>
/// <param name="Subjects">The subjects that it takes.</param>
/// <param name="MaxConsumers">Consumers at most; -1: unlimited.</param>
/// <param name="MaxMsgs">Messages at most; -1: unlimited.</param>
/// <param name="MaxBytes">Bytes at most; -1: unlimited.</param>
/// <param name="MaxAge">How long messages live, in nanoseconds; 0: for ever.</param>
/// <param name="MaxMsgsPerSubject">Messages of one subject at most; -1: unlimited.</param>
/// <param name="MaxMsgSize">Bytes of one message at most; -1: unlimited.</param>
/// <param name="Replicas">Servers of a cluster that keep a copy of each message.</param>
/// <param name="Metadata">Names and texts that JetStream keeps, without nats-server's own; not there when there are none.</param>
internal sealed record StreamConfigContract(
    string Name,
    string Description,
    IReadOnlyList<string> Subjects,
    long MaxConsumers,
    long MaxMsgs,
    long MaxBytes,
    long MaxAge,
    long MaxMsgsPerSubject,
    int MaxMsgSize,
    int Replicas,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Metadata);

/// <summary>What a stream holds.</summary>
/// <param name="Messages">How many messages.</param>
/// <param name="Bytes">How many bytes, with what JetStream stores beside each message.</param>
/// <param name="FirstSeq">The sequence of the first message that is still there.</param>
/// <param name="FirstTs">When that was stored; 0001-01-01T00:00:00Z until there was a message.</param>
/// <param name="LastSeq">The sequence of the last message.</param>
/// <param name="LastTs">When that was stored; 0001-01-01T00:00:00Z until there was a message.</param>
/// <param name="ConsumerCount">How many consumers the stream has.</param>
internal sealed record StreamStateContract(
    ulong Messages,
    ulong Bytes,
    ulong FirstSeq,
    DateTimeOffset FirstTs,
    ulong LastSeq,
    DateTimeOffset LastTs,
    long ConsumerCount);

[JsonSerializable(typeof(StreamParameters))]
[JsonSerializable(typeof(StreamLimitParameters))]
[JsonSerializable(typeof(SubjectsParameters))]
[JsonSerializable(typeof(StreamsAnswer))]
[JsonSerializable(typeof(StreamAnswer))]
internal sealed partial class StreamsJson : JsonSerializerContext
{
    public static StreamsJson Wire { get; } = new(WireJson.Options());
}
