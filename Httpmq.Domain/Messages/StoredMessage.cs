namespace Httpmq.Domain.Messages;

/// <summary>A message as its stream has it.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Subject">The subject that it was published to.</param>
/// <param name="Sequence">Its sequence in the stream, from 1.</param>
/// <param name="Time">When it was stored.</param>
/// <param name="Headers">Its headers; default: none.</param>
/// <param name="Payload">Its bytes.</param>
public sealed record StoredMessage(
    string Stream, string Subject, ulong Sequence, DateTimeOffset Time, MessageHeaders Headers, ReadOnlyMemory<byte> Payload);
