namespace Httpmq.Api.RateLimits;

/// <summary>How much one principal or address may ask for: the section <c>rate_limits</c> of the configuration, valid.</summary>
internal sealed record RateLimitSettings
{
    /// <summary>Of each principal; null: as much as it likes.</summary>
    public Rate? PerPrincipal { get; init; }

    /// <summary>Of principals that have a rate of their own, by name.</summary>
    public IReadOnlyDictionary<string, Rate> Principals { get; init; } = new Dictionary<string, Rate>(StringComparer.Ordinal);

    /// <summary>Of each address; null: as much as it likes.</summary>
    public Rate? PerAddress { get; init; }

    /// <summary>Wrong keys and tokens of each address; null: as many as it likes.</summary>
    public Rate? FailedLogins { get; init; }
}

/// <summary>How many permits there are.</summary>
/// <param name="PerSecond">So many come each second.</param>
/// <param name="Burst">So many there are at most, and at first.</param>
internal sealed record Rate(double PerSecond, int Burst);
