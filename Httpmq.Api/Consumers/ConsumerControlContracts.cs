using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Consumers;

/// <summary>Until when a consumer delivers nothing.</summary>
/// <example>{"until":"2026-01-15T09:30:00Z"}</example>
internal sealed record PauseParameters
{
    /// <summary>Until when; a time that is over resumes.</summary>
    [Field(Required = true)]
    public DateTimeOffset? Until { get; init; }
}

/// <summary>Whether the consumer is paused now.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","paused":true,"pause_until":"2026-01-15T09:30:00Z","pause_remaining":60000000000}</example>
internal sealed record PauseAnswer : Answer
{
    /// <summary>Whether it is.</summary>
    public required bool Paused { get; init; }

    /// <summary>Until when; not there where it is not paused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? PauseUntil { get; init; }

    /// <summary>For how long still, in nanoseconds; not there where it is not paused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PauseRemaining { get; init; }

    public static PauseAnswer Of(string requestId, PauseState state) => new()
    {
        RequestId = requestId,
        Paused = state.Paused,
        PauseUntil = state.PauseUntil,
        PauseRemaining = state.PauseRemaining?.Nanoseconds,
    };
}

/// <summary>Where a consumer goes on from.</summary>
/// <example>{"seq":1}</example>
internal sealed record ResetParameters
{
    /// <summary>The stream sequence of the next message, from 1 to 2^53-1; absent: that of the first that is not acknowledged.</summary>
    [Field(Minimum = 1)]
    public ulong? Seq { get; init; }
}

/// <summary>Where the consumer goes on from.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","reset_seq":1}</example>
internal sealed record ResetAnswer : Answer
{
    /// <summary>The stream sequence of the next message, or of the first that comes after it.</summary>
    public required ulong ResetSeq { get; init; }
}

/// <summary>The priority group to unpin.</summary>
/// <example>{"group":"g"}</example>
internal sealed record UnpinParameters
{
    /// <summary>Its name.</summary>
    [Field(Required = true)]
    public string? Group { get; init; }
}
