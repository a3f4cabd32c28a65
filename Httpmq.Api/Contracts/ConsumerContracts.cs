using System.Text.Json.Serialization;
using Httpmq.Domain.Consumers;

namespace Httpmq.Api.Contracts;

/// <summary>A durable consumer to define: deliver all, explicit acknowledgement.</summary>
internal sealed record ConsumerParameters
{
    /// <summary>The consumer's name: 1 to 255 of the characters A-Z a-z 0-9 - _. Required.</summary>
    public string? Name { get; init; }

    /// <summary>A description.</summary>
    public string? Notes { get; init; }

    /// <summary>Subjects of the stream that it takes, wildcards allowed; absent or empty: all.</summary>
    public string? FilterSubject { get; init; }

    /// <summary>Push only: subscribers that name this group share the messages.</summary>
    public string? DeliveryGroup { get; init; }

    /// <summary>Messages sent and not yet acknowledged, at most; at least 1. Required.</summary>
    public long? MaxInflight { get; init; }

    /// <summary>Deliveries of one message in total; -1, 0 or absent: no limit.</summary>
    public long? MaxRetry { get; init; }

    /// <summary>Nanoseconds until a message that was not acknowledged comes again; 0 or absent: 30000000000 (30 s).</summary>
    public long? AckWait { get; init; }

    /// <summary>push: JetStream sends to one subscriber, or to a delivery group; pull: any number of subscribers share. Required.</summary>
    public string? Mode { get; init; }
}

/// <summary>All consumers of a stream by name.</summary>
internal sealed record ConsumersAnswer : Answer
{
    public required IReadOnlyDictionary<string, ConsumerInfoContract> Consumers { get; init; }
}

/// <summary>One consumer.</summary>
internal sealed record ConsumerAnswer : Answer
{
    public required ConsumerInfoContract Consumer { get; init; }
}

/// <summary>A consumer's configuration and position.</summary>
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
            info.Config.Notes,
            info.Config.DeliverSubject,
            info.Config.DeliverGroup,
            info.Config.MaxDeliver,
            info.Config.AckWait,
            info.Config.FilterSubject,
            info.Config.MaxWaiting,
            info.Config.MaxAckPending),
        SequenceInfoContract.From(info.Delivered),
        SequenceInfoContract.From(info.AckFloor),
        info.AckPending,
        info.Redelivered,
        info.Waiting,
        info.Pending);
}

/// <summary>A consumer's configuration; ack_wait is in nanoseconds.</summary>
internal sealed record ConsumerConfigContract(
    string Notes,
    string DeliverSubject,
    string DeliverGroup,
    long MaxDeliver,
    long AckWait,
    string FilterSubject,
    long MaxWaiting,
    long MaxAckPending);

/// <summary>A position; last_active appears once it moved.</summary>
internal sealed record SequenceInfoContract(
    ulong ConsumerSeq,
    ulong StreamSeq,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? LastActive)
{
    public static SequenceInfoContract From(SequenceInfo info) => new(info.Consumer, info.Stream, info.LastActive);
}
