using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Api.Json;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using NJsonSchema;
using NJsonSchema.Generation;
using NJsonSchema.Generation.TypeMappers;

namespace Httpmq.Api.OpenApi;

/// <summary>
/// Completes the schemas of contracts: what cannot be null is always there, and what <see cref="FieldAttribute"/> adds.
/// </summary>
/// <param name="shaped">Types that <see cref="ShapeSchema"/> completes.</param>
internal sealed class SchemaDetails(HashSet<Type> shaped) : ISchemaProcessor
{
    private const string NamePattern = "^[A-Za-z0-9_-]+$";

    /// <summary>The number of nanoseconds; its property adds the text.</summary>
    public static ITypeMapper DurationMapper { get; } = new PrimitiveTypeMapper(
        typeof(GivenDuration),
        static schema => (schema.Type, schema.Format) = (JsonObjectType.Integer, JsonFormatStrings.Long));

    public void Process(SchemaProcessorContext context)
    {
        var properties = context.Schema.ActualTypeSchema.Properties;
        var type = context.ContextualType.Type;
        foreach (var member in shaped.Contains(type) ? [] : type.GetProperties())
        {
            if (properties.TryGetValue(JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Name), out var property))
            {
                Complete(property, member);
            }
        }
    }

    /// <summary>The rule for names as a schema.</summary>
    public static void ApplyNameRule(JsonSchema schema) =>
        (schema.Pattern, schema.MinLength, schema.MaxLength) = (NamePattern, 1, EntityName.MaxLength);

    /// <summary>Either of two types; what is known of the number goes with the number.</summary>
    private static void MakeDuration(JsonSchemaProperty property)
    {
        if (property.AnyOf.Count > 0)
        {
            return; // A schema that is met twice.
        }

        property.Description += " Or text with units, such as \"250ms\", \"30s\", \"1h30m\".";
        property.AnyOf.Add(new JsonSchema { Type = JsonObjectType.Integer, Format = JsonFormatStrings.Long, Minimum = property.Minimum });
        property.AnyOf.Add(new JsonSchema { Type = JsonObjectType.String, Pattern = DurationText.Pattern });
        (property.Type, property.Format, property.Minimum) = (JsonObjectType.None, null, null);
    }

    /// <summary>A field that a request may have, or of a contract that is not shaped.</summary>
    public static void Complete(JsonSchemaProperty property, MemberInfo member, bool isOptional = false)
    {
        var schema = member.GetCustomAttribute<FieldAttribute>() ?? new FieldAttribute();
        if (member.GetCustomAttribute<JsonIgnoreAttribute>() is not null)
        {
            // Left out instead of null.
            property.IsNullableRaw = null;
        }
        else if ((schema.Required && !isOptional) || property.IsNullableRaw is not true)
        {
            property.IsRequired = true;
            property.IsNullableRaw = null;
        }

        if (schema.IsName)
        {
            ApplyNameRule(property);
        }

        if (schema.Minimum > long.MinValue)
        {
            property.Minimum = schema.Minimum;
        }

        if (schema.Maximum < long.MaxValue)
        {
            property.Maximum = schema.Maximum;
        }

        if (schema.MinItems > 0)
        {
            property.MinItems = schema.MinItems;
        }

        if (member is PropertyInfo { PropertyType: var type } && Nullable.GetUnderlyingType(type) == typeof(GivenDuration))
        {
            MakeDuration(property);
        }

        foreach (var value in schema.Values)
        {
            property.Enumeration.Add(value);
        }

        WithoutNulls(property);
    }

    /// <summary>A field of an answer: what is null is left out of it.</summary>
    public static void CompleteAnswer(JsonSchemaProperty property, bool always)
    {
        property.IsRequired = always || property.IsNullableRaw is not true;
        property.Description += property.IsRequired ? string.Empty : " Not there where it is not set.";
        property.IsNullableRaw = null;
        WithoutNulls(property);
    }

    private static void WithoutNulls(JsonSchemaProperty list)
    {
        if (list.Item is { } item)
        {
            item.IsNullableRaw = null;
        }
    }
}

/// <summary>Names a schema as its contract, without the suffix that keeps contracts apart from the domain's records.</summary>
internal sealed class SchemaNames : DefaultSchemaNameGenerator
{
    private const string Suffix = "Contract";

    public override string Generate(Type type)
    {
        var name = base.Generate(type);
        return name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
    }
}
