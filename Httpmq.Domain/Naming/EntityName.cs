using System.Buffers;

namespace Httpmq.Domain.Naming;

/// <summary>The one rule for names of streams, consumers and delivery groups.</summary>
public static class EntityName
{
    /// <summary>The rule in words, for error messages.</summary>
    public const string Rule = "1 to 255 of the characters A-Z a-z 0-9 - _";

    /// <summary>The longest name, in characters; nats-server refuses longer stream and consumer names.</summary>
    public const int MaxLength = 255;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Whether <paramref name="text"/> keeps the <see cref="Rule"/>.</summary>
    public static bool IsValid(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MaxLength && !text.ContainsAnyExcept(Allowed);
}

/// <summary>A JetStream stream's name. Source: <see cref="EntityName.Rule"/>.</summary>
public readonly record struct StreamName
{
    private StreamName(string value) => Value = value;

    public string Value { get; }

    /// <summary>A name that the broker gave. Others may have chosen it by wider rules, so it is taken as it is.</summary>
    public static StreamName OfExisting(string value) => new(value);

    /// <summary>False where <paramref name="text"/> breaks <see cref="EntityName.Rule"/>.</summary>
    public static bool TryParse(string? text, out StreamName name)
    {
        var valid = EntityName.IsValid(text);
        name = valid ? new StreamName(text!) : default;
        return valid;
    }

    public override string ToString() => Value;
}

/// <summary>A durable consumer's name within its stream. Source: <see cref="EntityName.Rule"/>.</summary>
public readonly record struct ConsumerName
{
    private ConsumerName(string value) => Value = value;

    public string Value { get; }

    /// <summary>A name that the broker gave. Others may have chosen it by wider rules, so it is taken as it is.</summary>
    public static ConsumerName OfExisting(string value) => new(value);

    /// <summary>False where <paramref name="text"/> breaks <see cref="EntityName.Rule"/>.</summary>
    public static bool TryParse(string? text, out ConsumerName name)
    {
        var valid = EntityName.IsValid(text);
        name = valid ? new ConsumerName(text!) : default;
        return valid;
    }

    public override string ToString() => Value;
}

/// <summary>A delivery group's name: members of one group share a push consumer's messages.</summary>
public readonly record struct DeliveryGroup
{
    private DeliveryGroup(string value) => Value = value;

    public string Value { get; }

    /// <summary>False where <paramref name="text"/> breaks <see cref="EntityName.Rule"/>.</summary>
    public static bool TryParse(string? text, out DeliveryGroup name)
    {
        var valid = EntityName.IsValid(text);
        name = valid ? new DeliveryGroup(text!) : default;
        return valid;
    }

    public override string ToString() => Value;
}
