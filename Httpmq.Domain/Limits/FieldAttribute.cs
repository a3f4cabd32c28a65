namespace Httpmq.Domain.Limits;

/// <summary>What holds for a field beyond its type, for whoever describes it. It documents: the validators apply the rules.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FieldAttribute : Attribute
{
    /// <summary>Whether a request must name it.</summary>
    public bool Required { get; init; }

    /// <summary>Whether it is the name of a stream, consumer or group.</summary>
    public bool IsName { get; init; }

    /// <summary>The smallest number, where one is set.</summary>
    public long Minimum { get; init; } = long.MinValue;

    /// <summary>The largest number, where one is set.</summary>
    public long Maximum { get; init; } = long.MaxValue;

    /// <summary>What a number counts, where its type does not say; for errors.</summary>
    public string? Unit { get; init; }

    /// <summary>The fewest items of a list.</summary>
    public int MinItems { get; init; }

    /// <summary>The only values, where they can be counted.</summary>
    public string[] Values { get; init; } = [];
}
