using Httpmq.Domain.Features;
using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Streams;

/// <summary>Which servers of a cluster keep a stream.</summary>
public sealed record StreamPlacement
{
    /// <summary>The cluster.</summary>
    public string? Cluster { get; init; }

    /// <summary>Tags that the servers must have.</summary>
    public IReadOnlyList<string>? Tags { get; init; }
}

/// <summary>A stream from which messages are copied.</summary>
public sealed record StreamSource
{
    /// <summary>Its name.</summary>
    [Field(Required = true)]
    public string? Name { get; init; }

    /// <summary>The sequence of the first message that is copied, at most 2^53-1; absent: from the first on.</summary>
    public ulong? OptStartSeq { get; init; }

    /// <summary>From when on messages are copied; not with `opt_start_seq`.</summary>
    public DateTimeOffset? OptStartTime { get; init; }

    /// <summary>The subjects that are copied, wildcards allowed; absent: all.</summary>
    public string? FilterSubject { get; init; }

    /// <summary>
    /// Subjects that are copied, and what they become; not with `filter_subject`. From nats-server 2.10 on.
    /// </summary>
    [Field(Feature = nameof(Feature.SubjectTransform))]
    public IReadOnlyList<SubjectTransform>? SubjectTransforms { get; init; }

    /// <summary>Where it is, when it is in another account or domain.</summary>
    public ExternalStream? External { get; init; }

    /// <summary>The durable consumer through which it is read; absent: one that JetStream makes. From nats-server 2.14 on.</summary>
    [Field(Feature = nameof(Feature.DurableSources))]
    public StreamSourceConsumer? Consumer { get; init; }
}

/// <summary>A stream's place in another account or domain.</summary>
public sealed record ExternalStream
{
    /// <summary>What the subjects of JetStream's API begin with there.</summary>
    [Field(Required = true)]
    public string? Api { get; init; }

    /// <summary>What the subjects begin with to which messages are sent.</summary>
    public string? Deliver { get; init; }
}

/// <summary>The durable consumer through which a stream is read.</summary>
public sealed record StreamSourceConsumer
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>Its deliver subject.</summary>
    public string? DeliverSubject { get; init; }
}

/// <summary>Subjects, and what they become.</summary>
public sealed record SubjectTransform
{
    /// <summary>The subjects, wildcards allowed; absent: all.</summary>
    public string? Src { get; init; }

    /// <summary>What they become, such as `orders.{{wildcard(1)}}`.</summary>
    [Field(Required = true)]
    public string? Dest { get; init; }
}

/// <summary>Where what is stored is published again.</summary>
public sealed record StreamRepublish
{
    /// <summary>The subjects that are, wildcards allowed; absent: all.</summary>
    public string? Src { get; init; }

    /// <summary>What they become.</summary>
    [Field(Required = true)]
    public string? Dest { get; init; }

    /// <summary>Publish the headers only.</summary>
    public bool? HeadersOnly { get; init; }
}

/// <summary>Limits that a stream sets for its consumers.</summary>
public sealed record StreamConsumerLimits
{
    /// <summary>The longest `inactive_threshold`, and the one of consumers that have none, in nanoseconds; absent: any.</summary>
    [Field(Minimum = 0)]
    public GivenDuration? InactiveThreshold { get; init; }

    /// <summary>The largest `max_inflight`; absent: any.</summary>
    [Field(Minimum = -1)]
    public long? MaxAckPending { get; init; }
}
