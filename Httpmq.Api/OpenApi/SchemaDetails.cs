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
/// Completes the schemas of contracts: what cannot be null is always there, and what <see cref="SchemaAttribute"/> adds.
/// </summary>
internal sealed class SchemaDetails : ISchemaProcessor
{
    private const string NamePattern = "^[A-Za-z0-9_-]+$";

    /// <summary>The number of nanoseconds; its property adds the text.</summary>
    public static ITypeMapper DurationMapper { get; } = new PrimitiveTypeMapper(
        typeof(GivenDuration),
        static schema => (schema.Type, schema.Format) = (JsonObjectType.Integer, JsonFormatStrings.Long));

    public void Process(SchemaProcessorContext context)
    {
        var properties = context.Schema.ActualTypeSchema.Properties;
        foreach (var member in context.ContextualType.Type.GetProperties())
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
        property.AnyOf.Add(new JsonSchema { Type = JsonObjectType.Integer, Format = JsonFormatStrings.Long, Minimum = property.Minimum });
        property.AnyOf.Add(new JsonSchema { Type = JsonObjectType.String, Pattern = DurationText.Pattern });
        (property.Type, property.Format, property.Minimum) = (JsonObjectType.None, null, null);
    }

    private static void Complete(JsonSchemaProperty property, MemberInfo member)
    {
        var schema = member.GetCustomAttribute<SchemaAttribute>() ?? new SchemaAttribute();
        if (member.GetCustomAttribute<JsonIgnoreAttribute>() is not null)
        {
            // Left out instead of null.
            property.IsNullableRaw = null;
        }
        else if (schema.Required || property.IsNullableRaw is not true)
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

        if (schema.IsDuration)
        {
            MakeDuration(property);
        }

        foreach (var value in schema.Values)
        {
            property.Enumeration.Add(value);
        }

        if (property.Item is { } item)
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
