namespace Httpmq.Domain.Messages;

/// <summary>Names one delivery: which message of the stream, and which delivery of the consumer.</summary>
/// <param name="Stream">The message's sequence in its stream, from 1.</param>
/// <param name="Consumer">The delivery's sequence in its consumer, from 1; a redelivery has a new one.</param>
public readonly record struct DeliverySequence(ulong Stream, ulong Consumer);
