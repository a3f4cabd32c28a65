using Httpmq.Application.Telemetry;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Telemetry;

/// <summary>The state of streams and consumers at one time.</summary>
/// <param name="At">When it was gathered, as a timestamp.</param>
/// <param name="Streams">The streams.</param>
/// <param name="Consumers">Their durable consumers; the names of others are not chosen by anybody.</param>
/// <param name="Omitted">Streams and consumers that are beyond the limit.</param>
internal sealed record LagSnapshot(
    long At, IReadOnlyList<StreamLag> Streams, IReadOnlyList<ConsumerLagState> Consumers, long Omitted);

/// <param name="Name">The stream.</param>
/// <param name="State">What it holds.</param>
internal sealed record StreamLag(string Name, StreamState State)
{
    public KeyValuePair<string, object?>[] Tags { get; } = [new(MetricNames.StreamName, Name)];
}

/// <param name="Stream">The stream.</param>
/// <param name="Name">The consumer.</param>
/// <param name="State">Where it stands.</param>
internal sealed record ConsumerLagState(string Stream, string Name, ConsumerLagWire State)
{
    public KeyValuePair<string, object?>[] Tags { get; } = [new(MetricNames.StreamName, Stream), new(MetricNames.ConsumerName, Name)];
}
