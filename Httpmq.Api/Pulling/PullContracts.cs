using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Pulling;

/// <summary>How many messages are pulled, and how long they are waited for. Everything is optional, also the body.</summary>
/// <example>{"batch":50,"expires":"30s","max_bytes":1048576,"encoding":"utf8"}</example>
[OptionalBody]
internal sealed record PullParameters
{
    /// <summary>Messages, at most; 1 when absent.</summary>
    [Field(Minimum = 1, Maximum = PullOptions.MostMessages)]
    public int? Batch { get; init; }

    /// <summary>
    /// How long to wait for them, in nanoseconds: from 1 ms to 60 s. Absent: the seconds of `Prefer: wait=30`, else 5 s. For a pull that
    /// does not wait: `no_wait`, or `Prefer: wait=0`.
    /// </summary>
    [Field(Minimum = PullOptions.ShortestExpires)]
    public GivenDuration? Expires { get; init; }

    /// <summary>
    /// Bytes of all messages together as JetStream counts them (subject, headers, payload), at most 64 MiB. Absent: 8 MiB, or the largest
    /// message of the NATS server.
    /// </summary>
    [Field(Minimum = 1, Maximum = PullOptions.MostBytes)]
    public long? MaxBytes { get; init; }

    /// <summary>
    /// Answers as soon as nothing is left to be delivered, with what there was: at once, or with `expires` when the first message came.
    /// </summary>
    public bool? NoWait { get; init; }

    /// <summary>
    /// How messages stand in the answer: `base64` as `b64_msg` (default), `utf8` as the text `msg`, `json` as the value `json`. What does
    /// not fit stands there as `b64_msg`.
    /// </summary>
    [Field(Values = ["base64", "utf8", "json"])]
    public string? Encoding { get; init; }

    /// <summary>The priority group; required where the consumer has them. Needs nats-server 2.11.</summary>
    public string? Group { get; init; }

    /// <summary>Of a pinned client: the `Nats-Pin-Id` in the headers of its messages.</summary>
    public string? Id { get; init; }

    /// <summary>Where the group's policy is `prioritized`: from 0, the most urgent and the default, to 9. Needs nats-server 2.12.</summary>
    [Field(Minimum = 0, Maximum = PullOptions.LeastPriority)]
    public int? Priority { get; init; }

    /// <summary>Where the group's policy is `overflow`: nothing comes unless so many messages are to be delivered.</summary>
    [Field(Minimum = 1)]
    public long? MinPending { get; init; }

    /// <summary>Where the group's policy is `overflow`: nothing comes unless so many messages wait for their acknowledgement.</summary>
    [Field(Minimum = 1)]
    public long? MinAckPending { get; init; }

    /// <summary>In the application's words.</summary>
    /// <param name="preferred">How long the client prefers to wait, where the body does not name it; 0: not at all.</param>
    public PullOptions ToOptions(GivenDuration? preferred) => new()
    {
        Batch = Batch ?? 1,
        Expires = Expires ?? (preferred is { Nanoseconds: > 0 } ? preferred : null),
        MaxBytes = MaxBytes,
        NoWait = NoWait is true || preferred is { Nanoseconds: 0 },
        Group = Group,
        Id = Id,
        Priority = Priority,
        MinPending = MinPending,
        MinAckPending = MinAckPending,
    };
}

/// <summary>The messages; none where none came in time.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","messages":[{"subject":"orders.new","sequence":{"stream":1,"consumer":1},"deliveries":1,"pending":0,"time":"2026-11-24T16:00:00.0000000Z","headers":{"Trace-Id":["42"]},"token":"AQEBSPjHXA","b64_msg":"SGVsbG8gV29ybGQK"}]}</example>
// For OpenAPI only: PulledJson.cs writes the answer piece by piece.
internal sealed record PullAnswer : Answer
{
    /// <summary>In the order of their deliveries.</summary>
    public required IReadOnlyList<PulledMessage> Messages { get; init; }
}

/// <summary>One message.</summary>
internal sealed record PulledMessage
{
    /// <summary>The subject that it was published to.</summary>
    public required string Subject { get; init; }

    /// <summary>What names this delivery, for its settlement; `token` does as well.</summary>
    public required PulledSequence Sequence { get; init; }

    /// <summary>How often the message has been delivered to the consumer, this time included.</summary>
    public required ulong Deliveries { get; init; }

    /// <summary>Messages that the consumer had not been sent yet.</summary>
    public required ulong Pending { get; init; }

    /// <summary>When the message was stored.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Its headers, each with all its values; not there where it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Headers { get; init; }

    /// <summary>Names this delivery, for its settlement; has a check digit.</summary>
    public required string Token { get; init; }

    /// <summary>The payload, base64.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? B64Msg { get; init; }

    /// <summary>The payload as text, with `encoding` `utf8`.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Msg { get; init; }

    /// <summary>The payload as the JSON value that it is, with `encoding` `json`.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public object? Json { get; init; }
}

/// <summary>The two sequences of a delivery.</summary>
/// <param name="Stream">The message's sequence in the stream; a redelivery has the same.</param>
/// <param name="Consumer">The delivery's sequence in the consumer; a redelivery has the next.</param>
internal sealed record PulledSequence(ulong Stream, ulong Consumer);

[JsonSerializable(typeof(PullParameters))]
internal sealed partial class PullingJson : JsonSerializerContext
{
    public static PullingJson Wire { get; } = new(WireJson.Options(new DurationConverter()));
}
