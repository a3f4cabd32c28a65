using Httpmq.Domain.Streams;

namespace Httpmq.Api.Contracts;

/// <summary>Limits of a stream. What is absent or null is JetStream's default, or stays as it is in a change.</summary>
internal record StreamLimitParameters
{
    /// <summary>Consumers, at least -1; -1 and 0: unlimited. Cannot be changed later.</summary>
    public long? MaxConsumers { get; init; }

    /// <summary>Messages, at least -1; -1 and 0: unlimited.</summary>
    public long? MaxMsgs { get; init; }

    /// <summary>Bytes, at least -1; -1 and 0: unlimited.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>How long messages live, in nanoseconds: 0 for ever, else at least 100000000 (100 ms).</summary>
    public long? MaxAge { get; init; }

    /// <summary>Messages of one subject, at least -1; -1 and 0: unlimited.</summary>
    public long? MaxMsgsPerSubject { get; init; }

    /// <summary>Bytes of one message, at least -1; -1 and 0: unlimited.</summary>
    public int? MaxMsgSize { get; init; }

    public StreamLimits ToLimits() => new(MaxConsumers, MaxMsgs, MaxBytes, MaxAge, MaxMsgsPerSubject, MaxMsgSize);
}

/// <summary>A stream to define.</summary>
internal sealed record StreamParameters : StreamLimitParameters
{
    /// <summary>The stream's name: 1 to 255 of the characters A-Z a-z 0-9 - _.</summary>
    public string? Name { get; init; }

    /// <summary>Subjects that the stream takes, wildcards allowed; none: the stream's name is its subject.</summary>
    public IReadOnlyList<string?>? Subjects { get; init; }

    /// <summary>Servers of a cluster that keep a copy of each message, 1 to 5; absent: 1. More than 1 needs a cluster of as many.</summary>
    public int? Replicas { get; init; }
}

/// <summary>The subjects that a stream takes from now on.</summary>
internal sealed record SubjectsParameters
{
    /// <summary>At least one subject, wildcards allowed.</summary>
    public IReadOnlyList<string?>? Subjects { get; init; }
}

/// <summary>All streams by name.</summary>
internal sealed record StreamsAnswer : Answer
{
    public required IReadOnlyDictionary<string, StreamInfoContract> Streams { get; init; }
}

/// <summary>One stream.</summary>
internal sealed record StreamAnswer : Answer
{
    public required StreamInfoContract Stream { get; init; }
}

/// <summary>A stream's configuration and state.</summary>
internal sealed record StreamInfoContract(StreamConfigContract Config, DateTimeOffset Created, StreamStateContract State)
{
    public static StreamInfoContract From(StreamInfo info) => new(
        new StreamConfigContract(
            info.Config.Name,
            info.Config.Description,
            info.Config.Subjects,
            info.Config.MaxConsumers,
            info.Config.MaxMessages,
            info.Config.MaxBytes,
            info.Config.MaxAge,
            info.Config.MaxMessagesPerSubject,
            info.Config.MaxMessageSize,
            info.Config.Replicas),
        info.Created,
        new StreamStateContract(
            info.State.Messages,
            info.State.Bytes,
            info.State.FirstSequence,
            info.State.FirstTime,
            info.State.LastSequence,
            info.State.LastTime,
            info.State.ConsumerCount));
}

/// <summary>A stream's configuration: limits are -1 when unlimited, max_age (nanoseconds) is 0.</summary>
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
    int Replicas);

/// <summary>What a stream holds; the times are 0001-01-01T00:00:00Z until there was a message.</summary>
internal sealed record StreamStateContract(
    ulong Messages,
    ulong Bytes,
    ulong FirstSeq,
    DateTimeOffset FirstTs,
    ulong LastSeq,
    DateTimeOffset LastTs,
    long ConsumerCount);
