using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Streams;

namespace Httpmq.Api.Streams;

/// <summary>Which messages to remove; <c>{}</c>: all.</summary>
/// <example>{"filter":"orders.old.>","keep":10}</example>
internal sealed record PurgeParameters
{
    /// <summary>Those of these subjects, wildcards allowed; absent: of all.</summary>
    public string? Filter { get; init; }

    /// <summary>
    /// Those before this sequence, from 1 to 2^53-1. Not with `keep`. Where it is beyond the last message, and there is no `filter`, the
    /// next message has this sequence.
    /// </summary>
    [Field(Minimum = 1)]
    public ulong? Seq { get; init; }

    /// <summary>All but so many of the newest; 0: all.</summary>
    [Field(Minimum = 0)]
    public ulong? Keep { get; init; }
}

/// <summary>How many messages were removed.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","purged":42}</example>
internal sealed record PurgeAnswer : Answer
{
    /// <summary>How many messages were removed.</summary>
    public required ulong Purged { get; init; }
}

/// <summary>One message.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","message":{"subject":"orders.new","sequence":1,"time":"2026-01-15T09:31:00.5Z","headers":{"Trace-Id":["a1"]},"b64_msg":"SGVsbG8gV29ybGQ="}}</example>
internal sealed record MessageAnswer : Answer
{
    /// <summary>The message.</summary>
    public required MessageContract Message { get; init; }
}

/// <summary>A message as its stream keeps it.</summary>
internal sealed record MessageContract
{
    /// <summary>Its subject.</summary>
    public required string Subject { get; init; }

    /// <summary>Its sequence in the stream.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>When it was stored.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Its headers, each with its values; not there where it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, List<string>>? Headers { get; init; }

    /// <summary>Its payload as base64.</summary>
    public required string B64Msg { get; init; }

    public static MessageContract Of(StoredMessage message) => new()
    {
        Subject = message.Subject,
        Sequence = message.Sequence,
        Time = message.Time,
        Headers = HeadersText.ValuesOf(message.Headers) is { Count: > 0 } headers ? headers : null,
        B64Msg = Convert.ToBase64String(message.Payload.Span),
    };
}

/// <summary>The subjects that a stream has messages of.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","subjects":{"orders.new":3,"orders.paid":1},"total":2}</example>
internal sealed record StreamSubjectsAnswer : Answer
{
    /// <summary>How many messages each has, in the order of the names; <c>{}</c> when there are none.</summary>
    public required IReadOnlyDictionary<string, ulong> Subjects { get; init; }

    /// <summary>How many subjects there are, with those that this page does not have.</summary>
    public required long Total { get; init; }

    public static StreamSubjectsAnswer Of(string requestId, SubjectPage page) => new()
    {
        RequestId = requestId,
        Subjects = new OrderedDictionary<string, ulong>(page.Subjects, StringComparer.Ordinal),
        Total = page.Total,
    };
}
