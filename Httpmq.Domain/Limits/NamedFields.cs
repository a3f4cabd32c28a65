using System.Collections;
using System.Reflection;

namespace Httpmq.Domain.Limits;

/// <summary>Compares configurations field by field, so that a new field needs no code.</summary>
public static class NamedFields
{
    /// <summary>Whether a field that the change names, which are those that are not null, is something else in the configuration.</summary>
    /// <param name="current">The configuration.</param>
    /// <param name="change">Another one, of which null is left as it is; an empty list is the same as none.</param>
    public static bool AreNews<T>(T current, T change)
        where T : notnull
        => typeof(T).GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Any(field => field.GetValue(change) is { } wanted && !AreSame(field.GetValue(current), wanted));

    private static bool AreSame(object? current, object wanted) => wanted switch
    {
        string text => string.Equals(current as string, text, StringComparison.Ordinal),
        IReadOnlyDictionary<string, string> texts => Metadata.AreSame((IReadOnlyDictionary<string, string>?)current, texts),
        GivenDuration length => (current as GivenDuration?)?.Nanoseconds == length.Nanoseconds,
        IEnumerable list => ((IEnumerable?)current ?? Array.Empty<object>()).Cast<object>().SequenceEqual(list.Cast<object>()),
        _ => Equals(current, wanted),
    };
}
