using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Consumers;

/// <summary>A durable consumer to define: deliver all, explicit acknowledgement.</summary>
/// <example>{"name":"billing","mode":"push","max_inflight":4,"filter_subject":"orders.new"}</example>
internal sealed record ConsumerParameters
{
    /// <summary>The consumer's name: 1 to 255 of the characters A-Z a-z 0-9 - _.</summary>
    [Schema(Required = true, IsName = true)]
    public string? Name { get; init; }

    /// <summary>A description, at most 4096 bytes.</summary>
    public string? Notes { get; init; }

    /// <summary>Subjects of the stream that it takes, wildcards allowed; absent or empty: all.</summary>
    public string? FilterSubject { get; init; }

    /// <summary>Push only: subscribers that name this group share the messages.</summary>
    [Schema(IsName = true)]
    public string? DeliveryGroup { get; init; }

    /// <summary>Messages sent and not yet acknowledged, at most; at least 1.</summary>
    [Schema(Required = true, Minimum = 1)]
    public long? MaxInflight { get; init; }

    /// <summary>Deliveries of one message in total; -1, 0 or absent: no limit.</summary>
    [Schema(Minimum = -1)]
    public long? MaxRetry { get; init; }

    /// <summary>
    /// How long until a message that was not acknowledged is delivered again: at least 1 ms; 0 or absent: 30 s. An integer is
    /// nanoseconds; text has units, such as "250ms", "30s", "1h30m".
    /// </summary>
    [Schema(Minimum = 0, IsDuration = true)]
    [JsonConverter(typeof(DurationConverter))]
    public GivenDuration? AckWait { get; init; }

    /// <summary>push: JetStream sends to one subscriber, or to a delivery group; pull: any number of subscribers share.</summary>
    [Schema(Required = true, Values = ["push", "pull"])]
    public string? Mode { get; init; }

    /// <summary>
    /// Names and texts that JetStream keeps and does not read, at most 128 KiB together; names that begin with _nats. are nats-server's own.
    /// From nats-server 2.10 on. Absent: as it is.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public ConsumerConfig ToConfig() => new()
    {
        DurableName = Name,
        Description = Notes,
        DeliverGroup = DeliveryGroup,
        MaxDeliver = MaxRetry,
        AckWait = AckWait,
        FilterSubject = FilterSubject,
        MaxAckPending = MaxInflight,
        Metadata = Metadata,
    };
}

/// <summary>All consumers of a stream by name.</summary>
internal sealed record ConsumersAnswer : Answer
{
    /// <summary>The consumers by name; <c>{}</c> when there are none.</summary>
    public required IReadOnlyDictionary<string, ConsumerInfoContract> Consumers { get; init; }
}

/// <summary>One consumer.</summary>
internal sealed record ConsumerAnswer : Answer
{
    /// <summary>The consumer.</summary>
    public required ConsumerInfoContract Consumer { get; init; }
}

/// <summary>A consumer's configuration and position.</summary>
/// <param name="StreamName">The stream that it reads.</param>
/// <param name="Name">Its name.</param>
/// <param name="Created">When it was created.</param>
/// <param name="Config">Its configuration.</param>
/// <param name="Delivered">The last delivery.</param>
/// <param name="AckFloor">The last delivery before which everything is acknowledged.</param>
/// <param name="NumAckPending">Messages sent and not yet acknowledged.</param>
/// <param name="NumRedelivered">Messages that were sent more than once and are not yet acknowledged.</param>
/// <param name="NumWaiting">Pull only: requests that wait for messages.</param>
/// <param name="NumPending">Messages in the stream that were not sent yet.</param>
/// <example>{"stream_name":"orders","name":"billing","created":"2026-01-15T09:30:00.123456Z","config":{"notes":"","deliver_subject":"httpmq.deliver.vLk2","deliver_group":"","max_deliver":-1,"ack_wait":30000000000,"filter_subject":"orders.new","max_waiting":0,"max_ack_pending":4},"delivered":{"consumer_seq":1,"stream_seq":1,"last_active":"2026-01-15T09:31:00.5Z"},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":1,"num_redelivered":0,"num_waiting":0,"num_pending":0}</example>
internal sealed record ConsumerInfoContract(
    string StreamName,
    string Name,
    DateTimeOffset Created,
    ConsumerConfigContract Config,
    SequenceInfoContract Delivered,
    SequenceInfoContract AckFloor,
    long NumAckPending,
    long NumRedelivered,
    long NumWaiting,
    ulong NumPending)
{
    public static ConsumerInfoContract From(ConsumerInfo info) => new(
        info.StreamName,
        info.Name,
        info.Created,
        new ConsumerConfigContract(
            info.Config.Description!,
            info.Config.DeliverSubject!,
            info.Config.DeliverGroup!,
            info.Config.MaxDeliver ?? -1,
            info.Config.AckWait?.Nanoseconds ?? 0,
            info.Config.FilterSubject!,
            info.Config.MaxWaiting ?? 0,
            info.Config.MaxAckPending ?? 0,
            info.Config.Metadata),
        SequenceInfoContract.From(info.Delivered),
        SequenceInfoContract.From(info.AckFloor),
        info.NumAckPending,
        info.NumRedelivered,
        info.NumWaiting,
        info.NumPending);
}

/// <summary>A consumer's configuration.</summary>
/// <param name="Notes">A description.</param>
/// <param name="DeliverSubject">Push only: where JetStream sends the messages; empty for a pull consumer.</param>
/// <param name="DeliverGroup">Push only: the delivery group; empty without one.</param>
/// <param name="MaxDeliver">Deliveries of one message in total; -1: no limit.</param>
/// <param name="AckWait">Nanoseconds until a message that was not acknowledged comes again.</param>
/// <param name="FilterSubject">Which of the stream's subjects it takes; empty: all.</param>
/// <param name="MaxWaiting">Pull only: requests that may wait at a time.</param>
/// <param name="MaxAckPending">Messages sent and not yet acknowledged, at most.</param>
/// <param name="Metadata">Names and texts that JetStream keeps, without nats-server's own; not there when there are none.</param>
internal sealed record ConsumerConfigContract(
    string Notes,
    string DeliverSubject,
    string DeliverGroup,
    long MaxDeliver,
    long AckWait,
    string FilterSubject,
    long MaxWaiting,
    long MaxAckPending,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Metadata);

/// <summary>A position.</summary>
/// <param name="ConsumerSeq">How many deliveries it took, redeliveries included.</param>
/// <param name="StreamSeq">The sequence in the stream.</param>
/// <param name="LastActive">When it last moved; not there before it did.</param>
internal sealed record SequenceInfoContract(
    ulong ConsumerSeq,
    ulong StreamSeq,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? LastActive)
{
    public static SequenceInfoContract From(SequenceInfo info) => new(info.ConsumerSeq, info.StreamSeq, info.LastActive);
}

[JsonSerializable(typeof(ConsumerParameters))]
[JsonSerializable(typeof(ConsumersAnswer))]
[JsonSerializable(typeof(ConsumerAnswer))]
internal sealed partial class ConsumersJson : JsonSerializerContext
{
    public static ConsumersJson Wire { get; } = new(WireJson.Options());
}
