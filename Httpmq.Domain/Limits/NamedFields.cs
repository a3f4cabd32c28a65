using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text;

namespace Httpmq.Domain.Limits;

/// <summary>A field that a configuration names.</summary>
/// <param name="Name">As it is written in JSON; one within another one with its path, such as <c>sources[0].name</c>.</param>
/// <param name="Value">Its value; null in a list that has an empty place.</param>
/// <param name="Rules">What holds for it.</param>
/// <param name="Features">The features that its presence or its value needs, as <see cref="FieldAttribute.Feature"/> names them.</param>
public sealed record NamedField(string Name, object? Value, FieldAttribute Rules, IReadOnlyList<string> Features);

/// <summary>A field that has become something else than was asked for.</summary>
/// <param name="Name">As in <see cref="NamedField"/>.</param>
/// <param name="Wanted">What was asked for.</param>
/// <param name="Now">What it is; null: nothing is said of it.</param>
public sealed record ReplacedField(string Name, object Wanted, object? Now);

/// <summary>Reads and compares configurations field by field, so that a new field needs no code.</summary>
public static class NamedFields
{
    private static readonly FieldAttribute NoRules = new();

    // What is declared does not change, and to read it takes longer than all else here: each look at a stream or a consumer needs it.
    private static readonly ConcurrentDictionary<Type, Field[]> Declared = new();

    /// <summary>The fields that are named, which are those that are not null, also those within others.</summary>
    public static IEnumerable<NamedField> Of<T>(T config)
        where T : notnull
        => Of(typeof(T), config, string.Empty);

    /// <summary>The fields within others that must be named and are not.</summary>
    public static IEnumerable<string> Missing<T>(T config)
        where T : notnull
        => Parts(typeof(T), config, string.Empty).SelectMany(static part => FieldsOf(part.Value.GetType())
            .Where(field => field.Rules.Required && field.GetValue(part.Value) is null or "")
            .Select(field => part.Path + field.Name));

    /// <summary>Whether a field that the change names, which are those that are not null, is something else in the configuration.</summary>
    /// <param name="current">The configuration.</param>
    /// <param name="change">Another one, of which null is left as it is; an empty list is the same as none.</param>
    public static bool AreNews<T>(T current, T change)
        where T : notnull
        => FieldsOf(typeof(T)).Any(field => field.GetValue(change) is { } wanted && !AreSame(field.GetValue(current), wanted));

    /// <summary>The first field that the change names and that is something else in the configuration; null: none.</summary>
    public static string? FirstNews<T>(T current, T change)
        where T : notnull
        => FieldsOf(typeof(T))
            .FirstOrDefault(field => field.GetValue(change) is { } wanted && !AreSame(field.GetValue(current), wanted)) is { } news
            ? news.Name
            : null;

    /// <summary>The fields that are named and have become something else, also those within others.</summary>
    /// <param name="named">What is named. What is null, 0, empty or -1 leaves the value to JetStream; what is false does not.</param>
    /// <param name="now">What has become of it.</param>
    /// <param name="defaults">What holds where that says nothing.</param>
    public static IEnumerable<ReplacedField> Replaced<T>(T named, T now, T defaults)
        where T : notnull
        => FieldsOf(typeof(T)).SelectMany(field =>
            Replaced(field.Name, field.GetValue(named), field.GetValue(now) ?? field.GetValue(defaults)));

    /// <summary>Whether two values of a field are the same. What is false, 0 or empty is the same as what is absent.</summary>
    public static bool AreSame(object? current, object? wanted) => (current, wanted) switch
    {
        _ when IsNone(wanted) => IsNone(current),
        (string one, string other) => string.Equals(one, other, StringComparison.Ordinal),
        (IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) => Metadata.AreSame(one, other),
        (GivenDuration one, GivenDuration other) => one.Nanoseconds == other.Nanoseconds,
        (IEnumerable one, IEnumerable other) => AreSameLists([.. one.Cast<object?>()], [.. other.Cast<object?>()]),
        (not null, not null) when IsNested(wanted.GetType()) =>
            FieldsOf(wanted.GetType()).All(field => AreSame(field.GetValue(current), field.GetValue(wanted))),
        _ => Equals(current, wanted),
    };

    /// <summary>
    /// Whether the value says nothing: absent, false, 0, empty. Metadata says nothing where there is only what nats-server writes.
    /// </summary>
    public static bool IsNone(object? value) => value switch
    {
        null or false or 0 or 0L or 0UL or "" => true,
        string => false,
        GivenDuration length => length.Nanoseconds == 0,
        IReadOnlyDictionary<string, string> metadata => metadata.Keys.All(Metadata.IsReserved),
        IEnumerable list => !list.Cast<object?>().Any(),
        _ => IsNested(value.GetType()) && FieldsOf(value.GetType()).All(field => IsNone(field.GetValue(value))),
    };

    /// <summary>A copy of only what is set: without what is absent, false, 0, empty or the default, except for the fields of v1.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="defaults">The defaults.</param>
    public static T OnlySet<T>(T config, T defaults)
        where T : notnull, new()
    {
        var copy = new T();
        foreach (var field in FieldsOf(typeof(T)))
        {
            var value = field.GetValue(config);
            var isSet = field.Rules.V1 || !(IsNone(value) || AreSame(value, field.GetValue(defaults)));
            field.SetValue(copy, isSet ? value : null);
        }

        return copy;
    }

    /// <summary>
    /// A copy without the fields that need a feature and ask for nothing, which every server can do: absent, false, 0, empty or the
    /// default.
    /// </summary>
    /// <param name="config">The configuration.</param>
    /// <param name="defaults">The defaults.</param>
    /// <param name="without">Whether a field that needs this feature is left out, <see cref="FieldAttribute.Feature"/>.</param>
    public static T WithoutIdle<T>(T config, T defaults, Func<string, bool> without)
        where T : notnull, new()
    {
        var copy = new T();
        foreach (var field in FieldsOf(typeof(T)))
        {
            var value = field.GetValue(config);
            var isIdle = field.Rules.Feature is { } feature && without(feature)
                && (IsNone(value) || AreSame(value, field.GetValue(defaults)));
            field.SetValue(copy, isIdle ? null : value);
        }

        return copy;
    }

    /// <summary>The name in JSON: <c>MaxMsgSize</c> is <c>max_msg_size</c>.</summary>
    private static string NameOf(PropertyInfo field)
    {
        var name = new StringBuilder(field.Name.Length + 4);
        foreach (var character in field.Name)
        {
            name.Append(char.IsUpper(character) && name.Length > 0 ? "_" : string.Empty).Append(char.ToLowerInvariant(character));
        }

        return name.ToString();
    }

    private static IEnumerable<NamedField> Of(Type type, object config, string path)
    {
        foreach (var field in FieldsOf(type))
        {
            if (field.GetValue(config) is not { } value)
            {
                continue;
            }

            var name = path + field.Name;
            var rules = field.Rules;
            var features = field.ValueFeatures
                .Where(needs => value is string text && string.Equals(text, needs.Value, StringComparison.Ordinal))
                .Select(static needs => needs.Feature);
            yield return new NamedField(name, value, rules, rules.Feature is { } feature ? [.. features, feature] : [.. features]);
            foreach (var within in Within(name, value, rules))
            {
                yield return within;
            }
        }
    }

    private static IEnumerable<NamedField> Within(string name, object value, FieldAttribute rules)
    {
        if (IsNested(value.GetType()))
        {
            return Of(value.GetType(), value, name + ".");
        }

        return value is IEnumerable list and not string and not IReadOnlyDictionary<string, string>
            ? list.Cast<object?>().SelectMany((item, index) => item is not null && IsNested(item.GetType())
                ? Of(item.GetType(), item, $"{name}[{index}].")
                : [new NamedField($"{name}[{index}]", item, rules, [])])
            : [];
    }

    /// <summary>What has fields itself within a configuration.</summary>
    private static IEnumerable<(string Path, object Value)> Parts(Type type, object config, string path) =>
        from field in FieldsOf(type)
        let value = field.GetValue(config)
        where value is not null and not string
        from part in value is IEnumerable list
            ? list.Cast<object?>().Select((item, index) => (Path: $"{path}{field.Name}[{index}].", Value: item))
            : [(Path: $"{path}{field.Name}.", Value: value)]
        where part.Value is not null && IsNested(part.Value.GetType())
        from found in Parts(part.Value!.GetType(), part.Value, part.Path).Prepend((part.Path, part.Value))
        select found;

    private static IEnumerable<ReplacedField> Replaced(string name, object? wanted, object? now)
    {
        if (wanted is null or -1 or -1L || (wanted is not false && IsNone(wanted)))
        {
            return [];
        }

        if (now is not null && IsNested(wanted.GetType()))
        {
            return FieldsOf(wanted.GetType())
                .SelectMany(field => Replaced($"{name}.{field.Name}", field.GetValue(wanted), field.GetValue(now)));
        }

        if (wanted is IEnumerable list and not string and not IReadOnlyDictionary<string, string> && now is IEnumerable other)
        {
            var (items, others) = (list.Cast<object?>().ToArray(), other.Cast<object?>().ToArray());
            return items.Length == others.Length
                ? items.Zip(others).SelectMany((pair, index) => Replaced($"{name}[{index}]", pair.First, pair.Second))
                : [new ReplacedField(name, wanted, now)];
        }

        return AreSame(now, wanted) ? [] : [new ReplacedField(name, wanted, now)];
    }

    private static bool AreSameLists(List<object?> one, List<object?> other) =>
        one.Count == other.Count && one.Zip(other).All(static pair => AreSame(pair.First, pair.Second));

    /// <summary>A part of a configuration, which has fields itself.</summary>
    private static bool IsNested(Type type) => type.IsClass && type.Assembly == typeof(NamedFields).Assembly;

    // Not what a record has by itself, and nothing that cannot be set.
    private static Field[] FieldsOf(Type type) => Declared.GetOrAdd(type, static type =>
    [
        .. type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(static property => property.CanWrite)
            .Select(static property => new Field(property)),
    ]);

    /// <summary>A field as its type declares it.</summary>
    private sealed class Field(PropertyInfo property)
    {
        public string Name { get; } = NameOf(property);

        public FieldAttribute Rules { get; } = property.GetCustomAttribute<FieldAttribute>() ?? NoRules;

        public ValueFeatureAttribute[] ValueFeatures { get; } = [.. property.GetCustomAttributes<ValueFeatureAttribute>()];

        public object? GetValue(object config) => property.GetValue(config);

        public void SetValue(object config, object? value) => property.SetValue(config, value);
    }
}
