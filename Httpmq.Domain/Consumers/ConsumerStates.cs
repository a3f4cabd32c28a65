using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Consumers;

/// <summary>Whether a consumer is paused.</summary>
/// <param name="Paused">Whether it is.</param>
/// <param name="PauseUntil">Until when; null where it is not.</param>
/// <param name="PauseRemaining">For how long it still is, in nanoseconds; null where it is not.</param>
public sealed record PauseState(bool Paused, DateTimeOffset? PauseUntil, GivenDuration? PauseRemaining);

/// <summary>A priority group of a consumer.</summary>
/// <param name="Group">Its name.</param>
/// <param name="PinnedClientId">The subscriber that is served alone; null: none at the moment.</param>
/// <param name="PinnedTs">Since when; null: none is.</param>
public sealed record PriorityGroupState(string Group, string? PinnedClientId, DateTimeOffset? PinnedTs);
