using System.Globalization;
using Httpmq.Domain.Limits;

namespace Httpmq.Application.Validation;

/// <summary>
/// JetStream takes some definitions and sets one of the values by another one, or by another stream: <c>ack_wait</c> by <c>backoff</c>, or
/// <c>mirror_direct</c> by what is mirrored. Whoever asked for another value is told.
/// </summary>
internal static class ReplacedValues
{
    // More would not be read.
    private const int MostNamed = 10;

    /// <summary>A warning for each value that is named and that JetStream has replaced, where a field is named that v1 lacks.</summary>
    /// <param name="named">What the client named.</param>
    /// <param name="made">What JetStream made of it.</param>
    /// <param name="defaults">What holds where nothing is shown.</param>
    public static IReadOnlyList<string> Warnings<T>(T named, T made, T defaults)
        where T : class
        => NamedFields.Of(named).All(static field => field.Rules.V1)
            ? []
            : [.. NamedFields.Replaced(named, made, defaults).Take(MostNamed).Select(Describe)];

    /// <summary>A warning for each name in the metadata that only nats-server writes, where another value than it has was named.</summary>
    public static IEnumerable<string> OfMetadata(
        IReadOnlyDictionary<string, string>? named, IReadOnlyDictionary<string, string>? made) =>
        Metadata.NotTaken(named, made).Take(MostNamed).Select(static name =>
            $"metadata: '{name}' is nats-server's own, and its value was not taken");

    private static string Describe(ReplacedField field) =>
        $"{field.Name}: JetStream has made it {Text(field.Now, field.Wanted)}; {Text(field.Wanted, field.Wanted)} was asked for";

    private static string Text(object? value, object wanted) => value switch
    {
        null when wanted is bool => "false",
        null => "nothing",
        bool isOn => isOn ? "true" : "false",
        string text => Rules.Quote(text),
        GivenDuration length => GivenDuration.Describe(length.Nanoseconds),
        DateTimeOffset time => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        System.Collections.IEnumerable list => $"a list of {list.Cast<object?>().Count()}",
        _ => "something else",
    };
}
