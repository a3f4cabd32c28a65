using System.Text.Json.Serialization;
using Httpmq.Application.Messages;
using Httpmq.Domain.Errors;

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

/// <summary>One delivery, or an array of them.</summary>
internal sealed record AckRequest(IReadOnlyList<AckPair> Pairs, bool IsBatch);

/// <summary>What became of each delivery of a batch.</summary>
internal sealed record AckBatchAnswer : Answer
{
    /// <summary>How many JetStream confirmed.</summary>
    public required int Acknowledged { get; init; }

    /// <summary>How many it did not.</summary>
    public required int Failed { get; init; }

    /// <summary>The fate of each pair, in the order of the request.</summary>
    public required IReadOnlyList<AckFate> Acks { get; init; }
}

/// <summary>What became of one delivery; error is absent where JetStream confirmed it.</summary>
internal sealed record AckFate(
    ulong Stream,
    ulong Consumer,
    bool Success,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErrorContract? Error)
{
    public static AckFate From(AckPair pair, Error? error) => new(
        pair.Stream ?? 0,
        pair.Consumer ?? 0,
        error is null,
        error is null ? null : new ErrorContract(Errors.ErrorResponses.StatusOf(error.Kind), error.Message, error.Detail));
}
