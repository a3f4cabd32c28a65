using System.Text.Json.Serialization;
using Httpmq.Api.OpenApi;
using Httpmq.Application.Messages;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Contracts;

/// <summary>Where a message was stored.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","sequence":1}</example>
internal sealed record PublishAnswer : Answer
{
    /// <summary>The stream that stored it.</summary>
    public required string Stream { get; init; }

    /// <summary>Its sequence in that stream.</summary>
    public required ulong Sequence { get; init; }
}

/// <summary>One delivery: the two sequences that came with the message.</summary>
/// <example>{"stream":1,"consumer":1}</example>
internal sealed record AckParameters
{
    /// <summary>The message's sequence in the stream, at least 1.</summary>
    [Schema(Required = true, Minimum = 1)]
    public ulong? Stream { get; init; }

    /// <summary>The delivery's sequence in the consumer, at least 1. An older delivery of the same message does as well.</summary>
    [Schema(Required = true, Minimum = 1)]
    public ulong? Consumer { get; init; }
}

/// <summary>One delivery: the token that came with the message.</summary>
/// <example>{"token":"AQYBGPb9XA"}</example>
internal sealed record AckToken
{
    /// <summary>As it came. One that was mistyped, or is of another consumer, is refused.</summary>
    [Schema(Required = true)]
    public string? Token { get; init; }
}

/// <summary>One message: one line of a subscription.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","subject":"orders.new","consumer":"billing","sequence":{"stream":1,"consumer":1},"b64_msg":"SGVsbG8gV29ybGQK","message_subject":"orders.new"}</example>
// For OpenAPI only: Streaming/LineFrameWriter.cs writes the lines piece by piece.
internal sealed record DeliveryLineContract : Answer
{
    /// <summary>The stream.</summary>
    public required string Stream { get; init; }

    /// <summary>The `subject_name` of the subscription, or, where none was given, the subject that the message was published to.</summary>
    public required string Subject { get; init; }

    /// <summary>The consumer.</summary>
    public required string Consumer { get; init; }

    /// <summary>What to send to acknowledge it.</summary>
    public required DeliverySequenceContract Sequence { get; init; }

    /// <summary>The message, base64.</summary>
    public required byte[] B64Msg { get; init; }

    /// <summary>The subject that the message was published to.</summary>
    public required string MessageSubject { get; init; }

    /// <summary>How often the message has been delivered to the consumer, this time included. With `metadata=true` only.</summary>
    public ulong? Deliveries { get; init; }

    /// <summary>Messages that the consumer has not been sent yet. With `metadata=true` only.</summary>
    public ulong? Pending { get; init; }

    /// <summary>When the message was stored. With `metadata=true` only.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Names this delivery, for its acknowledgement; has a check digit. With `metadata=true` only.</summary>
    public string? Token { get; init; }
}

/// <summary>The two sequences of a delivery.</summary>
/// <param name="Stream">The message's sequence in the stream; a redelivery has the same.</param>
/// <param name="Consumer">The delivery's sequence in the consumer; a redelivery has the next.</param>
internal sealed record DeliverySequenceContract(ulong Stream, ulong Consumer);

/// <summary>One delivery, or an array of them.</summary>
internal sealed record AckRequest(IReadOnlyList<AckPair> Pairs, bool IsBatch);

/// <summary>What became of each delivery of an array.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","acknowledged":1,"failed":1,"acks":[{"stream":1,"consumer":1,"success":true},{"stream":9,"consumer":9,"success":false,"error":{"code":404,"message":"Failed to acknowledge","detail":"this consumer was never sent the message"}}]}</example>
internal sealed record AckBatchAnswer : Answer
{
    /// <summary>How many JetStream confirmed.</summary>
    public required int Acknowledged { get; init; }

    /// <summary>How many it did not.</summary>
    public required int Failed { get; init; }

    /// <summary>The fate of each pair, in the order of the request.</summary>
    public required IReadOnlyList<AckFate> Acks { get; init; }
}

/// <summary>What became of one delivery.</summary>
/// <param name="Stream">The message's sequence in the stream, as it was sent; 0 where it could not be read.</param>
/// <param name="Consumer">The delivery's sequence in the consumer, as it was sent; 0 where it could not be read.</param>
/// <param name="Success">Whether JetStream confirmed it.</param>
/// <param name="Error">Why it did not; not there where it did.</param>
internal sealed record AckFate(
    ulong Stream,
    ulong Consumer,
    bool Success,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErrorContract? Error)
{
    public static AckFate From(AckOutcome outcome) => new(
        outcome.Delivery.Stream,
        outcome.Delivery.Consumer,
        outcome.Error is null,
        outcome.Error is { } error ? new ErrorContract(Errors.ErrorResponses.StatusOf(error.Kind), error.Message, error.Detail) : null);
}
