using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Settling;

/// <summary>One delivery: the two sequences that came with the message.</summary>
/// <example>{"stream":1,"consumer":1}</example>
internal sealed record AckParameters
{
    /// <summary>The message's sequence in the stream, at least 1.</summary>
    [Field(Required = true, Minimum = 1)]
    public ulong? Stream { get; init; }

    /// <summary>The delivery's sequence in the consumer, at least 1. An older delivery of the same message does as well.</summary>
    [Field(Required = true, Minimum = 1)]
    public ulong? Consumer { get; init; }
}

/// <summary>One delivery: the token that came with the message.</summary>
/// <example>{"token":"AQYBGPb9XA"}</example>
internal sealed record AckToken
{
    /// <summary>As it came. One that was mistyped, or is of another consumer, is refused.</summary>
    [Field(Required = true)]
    public string? Token { get; init; }
}

/// <summary>One delivery, or an array of them.</summary>
[ReadByHand(typeof(AckParameters), "token")]
internal sealed record AckRequest(IReadOnlyList<AckPair> Pairs, bool IsBatch) : IKnowsItsFields
{
    // Those of the names of the two sequences; a token and its name have as many.
    private const int QuotesOfPair = 4;

    // It is a hot path: where all its pairs are complete and it has no more quotes than they need, there is nothing else in it.
    bool IKnowsItsFields.IsAllKnown(ReadOnlySpan<byte> body) => IsComplete() && body.Count((byte)'"') <= Pairs.Count * QuotesOfPair;

    // A whole line of a subscription may be sent as an acknowledgement: what it says besides is no mistake.
    bool IKnowsItsFields.Permits(string field) => string.Equals(field, "sequence", StringComparison.OrdinalIgnoreCase);

    /// <summary>Where something is missing, it may be there under a wrong name.</summary>
    private bool IsComplete()
    {
        // By number: an enumerator of the list would be allocated.
        for (var index = 0; index < Pairs.Count; index++)
        {
            var pair = Pairs[index];
            if (pair.Token is null && (pair.Stream is null || pair.Consumer is null))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>What became of each delivery of an array.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","acknowledged":1,"failed":1,"acks":[{"stream":1,"consumer":1,"success":true},{"stream":9,"consumer":9,"success":false,"error":{"code":404,"message":"Failed to acknowledge","detail":"this consumer was never sent the message","type":"ack-never-sent"}}]}</example>
internal sealed record AckBatchAnswer : Answer
{
    /// <summary>How many JetStream confirmed.</summary>
    public required int Acknowledged { get; init; }

    /// <summary>How many it did not.</summary>
    public required int Failed { get; init; }

    /// <summary>The outcome of each pair, in the order of the request.</summary>
    public required IReadOnlyList<AckResult> Acks { get; init; }

    public static AckBatchAnswer Of(string requestId, IReadOnlyList<AckOutcome> outcomes)
    {
        var failed = outcomes.Count(static outcome => outcome.Error is not null);
        return new AckBatchAnswer
        {
            RequestId = requestId,
            Acknowledged = outcomes.Count - failed,
            Failed = failed,
            Acks = outcomes.Select(AckResult.From).ToArray(),
        };
    }
}

/// <summary>What became of one delivery.</summary>
/// <param name="Stream">The message's sequence in the stream, as it was sent; 0 where it could not be read.</param>
/// <param name="Consumer">The delivery's sequence in the consumer, as it was sent; 0 where it could not be read.</param>
/// <param name="Success">Whether JetStream confirmed it.</param>
/// <param name="Error">Why it did not; not there where it did.</param>
internal sealed record AckResult(
    ulong Stream,
    ulong Consumer,
    bool Success,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErrorContract? Error)
{
    public static AckResult From(AckOutcome outcome) => new(
        outcome.Delivery.Stream,
        outcome.Delivery.Consumer,
        outcome.Error is null,
        outcome.Error is { } error ? ErrorResponses.Contract(error) : null);
}

[JsonSerializable(typeof(AckParameters))]
[JsonSerializable(typeof(AckRequest))]
[JsonSerializable(typeof(AckBatchAnswer))]
[JsonSerializable(typeof(NakkedDelivery))]
[JsonSerializable(typeof(SettleRequest))]
[JsonSerializable(typeof(SettleAnswer))]
internal sealed partial class SettlingJson : JsonSerializerContext
{
    public static SettlingJson Wire { get; } =
        new(WireJson.Options(new AckRequestConverter(), new SettleRequestConverter(), new DurationConverter()));
}
