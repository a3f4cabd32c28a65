namespace Httpmq.Domain.Streams;

/// <summary>A stream's configuration and state.</summary>
/// <param name="Config">Its configuration.</param>
/// <param name="Created">When it was created.</param>
/// <param name="State">What it holds.</param>
public sealed record StreamInfo(StreamConfig Config, DateTimeOffset Created, StreamState State)
{
    /// <summary>Whether messages may be stored under other subjects than the stream's: a mirror, sources, or a rewriting.</summary>
    public bool TakesOtherSubjects { get; init; }
}

/// <summary>What a stream holds.</summary>
/// <param name="Messages">How many messages.</param>
/// <param name="Bytes">How many bytes, with what JetStream stores beside each message.</param>
/// <param name="FirstSeq">The sequence of the first message that is still there.</param>
/// <param name="FirstTs">When that was stored; 0001-01-01T00:00:00Z until there was a message.</param>
/// <param name="LastSeq">The sequence of the last message.</param>
/// <param name="LastTs">When that was stored; 0001-01-01T00:00:00Z until there was a message.</param>
/// <param name="ConsumerCount">How many consumers the stream has.</param>
public sealed record StreamState(
    ulong Messages,
    ulong Bytes,
    ulong FirstSeq,
    DateTimeOffset FirstTs,
    ulong LastSeq,
    DateTimeOffset LastTs,
    long ConsumerCount);
