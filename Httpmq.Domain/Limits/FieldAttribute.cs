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

    /// <summary>
    /// Whether v1 has it, or had it before there were others: it has rules of its own, and what JetStream refuses of it is 400. The rules
    /// of all others are those that stand here, and what JetStream refuses of them is 422.
    /// </summary>
    public bool V1 { get; init; }

    /// <summary>The feature that the nats-server must have for it, <c>nameof(Feature.Pause)</c>; null: all of them have it.</summary>
    public string? Feature { get; init; }
}

/// <summary>One value of a field that needs a newer nats-server than the field itself.</summary>
/// <param name="value">The value.</param>
/// <param name="feature">The feature, <c>nameof(Feature.Pause)</c>.</param>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
public sealed class ValueFeatureAttribute(string value, string feature) : Attribute
{
    public string Value { get; } = value;

    public string Feature { get; } = feature;
}
