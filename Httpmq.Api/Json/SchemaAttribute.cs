namespace Httpmq.Api.Json;

/// <summary>
/// What OpenAPI says of a request's field beyond its type. It documents: the rules themselves are the domain's, and the
/// validators apply them. (The framework's own annotations would be run on every request besides.)
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SchemaAttribute : Attribute
{
    /// <summary>Whether the field must be there, and not null.</summary>
    public bool Required { get; init; }

    /// <summary>Whether it is the name of a stream, consumer or group.</summary>
    public bool IsName { get; init; }

    /// <summary>The smallest number, where one is set.</summary>
    public long Minimum { get; init; } = long.MinValue;

    /// <summary>The largest number, where one is set.</summary>
    public long Maximum { get; init; } = long.MaxValue;

    /// <summary>Whether it is a duration: an integer of nanoseconds, or text with units.</summary>
    public bool IsDuration { get; init; }

    /// <summary>What a number counts, where its type does not say; for errors.</summary>
    public string? Unit { get; init; }

    /// <summary>The fewest items of a list.</summary>
    public int MinItems { get; init; }

    /// <summary>The only values, where they can be counted.</summary>
    public string[] Values { get; init; } = [];
}
