namespace Httpmq.Infrastructure.Telemetry;

/// <summary>How the state of streams and consumers is gathered for metrics.</summary>
/// <param name="Interval">How often.</param>
/// <param name="MaxConsumers">So many streams, and so many consumers, at most.</param>
public sealed record LagOptions(TimeSpan Interval, int MaxConsumers);
