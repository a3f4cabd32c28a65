namespace Httpmq.Api.Contracts;

/// <summary>Where a message was stored.</summary>
internal sealed record PublishAnswer : Answer
{
    /// <summary>The stream that stored it.</summary>
    public required string Stream { get; init; }

    /// <summary>Its sequence in that stream.</summary>
    public required ulong Sequence { get; init; }
}

/// <summary>One delivery: the two sequences that came with the message.</summary>
internal sealed record AckParameters
{
    /// <summary>The message's sequence in the stream, at least 1.</summary>
    public ulong? Stream { get; init; }

    /// <summary>The delivery's sequence in the consumer, at least 1.</summary>
    public ulong? Consumer { get; init; }
}
