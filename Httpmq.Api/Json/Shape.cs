using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Httpmq.Api.Json;

/// <summary>
/// Where v1 differs from a record of the domain; JSON and OpenAPI both follow it. A field that is not named here is taken, given and
/// described as the domain has it.
/// </summary>
/// <param name="Type">The record, or a contract that is one.</param>
internal sealed record Shape(Type Type)
{
    /// <summary>Whether it is what a request holds: null is the same as absent, and the rules for fields are documented.</summary>
    public bool IsRequest { get; init; }

    /// <summary>The contract that the documents show it as an extension of.</summary>
    public Type? Extends { get; init; }

    /// <summary>v1's words for JetStream's.</summary>
    public IReadOnlyDictionary<string, string> Words { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// JetStream's words that a request may use as well, by v1's. They are not in the documents, which show each field once.
    /// </summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Fields that a request may leave out although the domain requires them, in v1's words.</summary>
    public string[] Optional { get; init; } = [];

    /// <summary>Fields that v1 does not have, in JetStream's words.</summary>
    public string[] Hidden { get; init; } = [];

    /// <summary>v1's fields in v1's order, before all others; an answer always has them, and of the others those that are set.</summary>
    public string[] First { get; init; } = [];

    /// <summary>JSON that the documents show.</summary>
    public string? Example { get; init; }

    /// <summary>Makes the serialiser keep to it.</summary>
    public void Apply(JsonTypeInfo type)
    {
        if (IsRequest)
        {
            // Generated code sets all properties of a record at once, and cannot do without those that are hidden.
            type.CreateObject = () => Activator.CreateInstance(Type)!;
        }

        foreach (var property in type.Properties.ToArray())
        {
            if (Hidden.Contains(property.Name))
            {
                type.Properties.Remove(property);
            }
            else
            {
                property.Set = IsRequest ? ((PropertyInfo)property.AttributeProvider!).SetValue : property.Set;
                property.Name = Words.GetValueOrDefault(property.Name, property.Name);
                property.Order = Array.IndexOf(First, property.Name) is >= 0 and var place ? place - First.Length : 0;
                if (Aliases.TryGetValue(property.Name, out var alias))
                {
                    type.Properties.Add(AliasOf(type, property, alias));
                }
            }
        }
    }

    /// <summary>Another name of a field. Both of them may stand there where they say the same.</summary>
    private static JsonPropertyInfo AliasOf(JsonTypeInfo type, JsonPropertyInfo property, string name)
    {
        var (get, set) = (property.Get!, property.Set!);
        property.Set = Assign;
        var alias = type.CreateJsonPropertyInfo(property.PropertyType, name);
        alias.Set = Assign;
        return alias;

        void Assign(object target, object? value)
        {
            if (value is not null && get(target) is { } other && !other.Equals(value))
            {
                throw new ValueException($"{property.Name} and {name} are two names of the same field, and their values differ");
            }

            if (value is not null)
            {
                set(target, value);
            }
        }
    }
}

/// <summary>The JSON of a resource: its generated context in v1's shapes. What is null is left out.</summary>
internal sealed class ShapedJson
{
    public ShapedJson(JsonSerializerContext context, params IReadOnlyList<Shape> shapes)
    {
        Shapes = shapes;
        Options = WireJson.Options(new DurationConverter(), new ListedDurationConverter());
        Options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        Options.TypeInfoResolver = context.WithAddedModifier(type => shapes.FirstOrDefault(shape => shape.Type == type.Type)?.Apply(type));
        Options.MakeReadOnly();
    }

    public JsonSerializerOptions Options { get; }

    public IReadOnlyList<Shape> Shapes { get; }

    public JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
}
