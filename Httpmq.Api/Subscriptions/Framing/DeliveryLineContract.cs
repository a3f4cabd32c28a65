using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>One message: one line of a subscription.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","subject":"orders.new","consumer":"billing","sequence":{"stream":1,"consumer":1},"b64_msg":"SGVsbG8gV29ybGQK","message_subject":"orders.new"}</example>
// For OpenAPI only: DeliveryWriter.cs writes the objects piece by piece.
internal sealed record DeliveryLineContract : Answer
{
    /// <summary>The stream.</summary>
    public required string Stream { get; init; }

    /// <summary>
    /// The subject that the message was published to. In the lines without a framing by `Accept`: the subscription's `subject_name`, where
    /// one was given.
    /// </summary>
    public required string Subject { get; init; }

    /// <summary>The consumer.</summary>
    public required string Consumer { get; init; }

    /// <summary>What to send to acknowledge it.</summary>
    public required DeliverySequenceContract Sequence { get; init; }

    /// <summary>The message, base64. Not there where `encoding` asks for `msg` or `json` and the message is such a thing.</summary>
    public byte[]? B64Msg { get; init; }

    /// <summary>The subject that the message was published to.</summary>
    public required string MessageSubject { get; init; }

    /// <summary>How often the message has been delivered to the consumer, this time included. With `metadata=true` only.</summary>
    public ulong? Deliveries { get; init; }

    /// <summary>Messages that the consumer has not been sent yet. With `metadata=true` only.</summary>
    public ulong? Pending { get; init; }

    /// <summary>When the message was stored. With `metadata=true` only.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Names this delivery, for its acknowledgement; has a check digit. As `headers`.</summary>
    public string? Token { get; init; }

    /// <summary>
    /// The message's headers, each with its values in their order. With `metadata=true`, or in a framing that `Accept` names.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Headers { get; init; }

    /// <summary>The message as text, instead of `b64_msg`. With `encoding=utf8` only.</summary>
    public string? Msg { get; init; }

    /// <summary>The message as a value, instead of `b64_msg`. With `encoding=json` only.</summary>
    public object? Json { get; init; }
}

/// <summary>The two sequences of a delivery.</summary>
/// <param name="Stream">The message's sequence in the stream; a redelivery has the same.</param>
/// <param name="Consumer">The delivery's sequence in the consumer; a redelivery has the next.</param>
internal sealed record DeliverySequenceContract(ulong Stream, ulong Consumer);
