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
        Options = WireJson.Options(new DurationConverter());
        Options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        Options.TypeInfoResolver = context.WithAddedModifier(type => shapes.FirstOrDefault(shape => shape.Type == type.Type)?.Apply(type));
        Options.MakeReadOnly();
    }

    public JsonSerializerOptions Options { get; }

    public IReadOnlyList<Shape> Shapes { get; }

    public JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
}
