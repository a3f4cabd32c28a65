using Httpmq.Domain.Consumers;
using Httpmq.Domain.Streams;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>A page of all streams, as far as their state goes.</summary>
internal sealed record StreamLagResponse : ApiResponse
{
    public long Total { get; init; }

    public IReadOnlyList<StreamLagWire>? Streams { get; init; }
}

internal sealed record StreamLagWire(StreamNameWire? Config, StreamState? State);

internal sealed record StreamNameWire(string? Name);

/// <summary>A page of a stream's consumers, as far as their state goes.</summary>
internal sealed record ConsumerLagResponse : ApiResponse
{
    public long Total { get; init; }

    public IReadOnlyList<ConsumerLagWire>? Consumers { get; init; }
}

/// <param name="Config">With a durable name where somebody has chosen one.</param>
internal sealed record ConsumerLagWire(
    DurableNameWire? Config,
    SequenceInfo? Delivered,
    SequenceInfo? AckFloor,
    long NumAckPending,
    long NumRedelivered,
    long NumWaiting,
    ulong NumPending);

internal sealed record DurableNameWire(string? DurableName);
