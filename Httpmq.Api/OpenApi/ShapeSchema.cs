using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Api.Json;
using Namotion.Reflection;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NJsonSchema.Generation;
using NJsonSchema.Generation.TypeMappers;

namespace Httpmq.Api.OpenApi;

/// <summary>The schema of a <see cref="Shape"/>: the fields that the serialiser has, with the domain's descriptions.</summary>
internal static class ShapeSchema
{
    public static IEnumerable<ITypeMapper> MappersOf(ShapedJson json) =>
        json.Shapes.Select(shape => new ObjectTypeMapper(shape.Type, (generator, resolver) => Create(shape, json, generator, resolver)));

    public static IEnumerable<Type> TypesOf(ShapedJson json) => json.Shapes.Select(static shape => shape.Type);

    private static JsonSchema Create(Shape shape, ShapedJson json, JsonSchemaGenerator generator, JsonSchemaResolver resolver)
    {
        var whole = new JsonSchema();
        var own = whole;
        var fields = FieldsOf(shape.Type);
        if (shape.Extends is { } extended)
        {
            whole.AllOf.Add(generator.GenerateWithReference<JsonSchema>(extended.ToContextualType(), resolver));
            whole.AllOf.Add(own = new JsonSchema());
            var known = FieldsOf(extended).Select(static field => field.Name).ToHashSet(StringComparer.Ordinal);
            fields = fields.Where(field => !known.Contains(field.Name));
        }

        (own.Type, own.Description) = (JsonObjectType.Object, shape.Type.GetXmlDocsSummary());
        own.Example = shape.Example is { } example ? JObject.Parse(example) : null;
        foreach (var field in fields)
        {
            var member = (PropertyInfo)field.AttributeProvider!;
            var type = member.ToContextualProperty();
            var property = generator.GenerateWithReferenceAndNullability<JsonSchemaProperty>(
                type.PropertyType,
                type.Nullability is Nullability.Nullable,
                resolver,
                (schema, _) => schema.Description = member.GetXmlDocsSummary());
            own.Properties.Add(field.Name, property);
            if (shape.IsRequest)
            {
                SchemaDetails.Complete(property, member, isOptional: shape.Optional.Contains(field.Name));
            }
            else
            {
                SchemaDetails.CompleteAnswer(property, shape.First.Contains(field.Name));
            }
        }

        return whole;

        IEnumerable<JsonPropertyInfo> FieldsOf(Type type) =>
            json.Options.GetTypeInfo(type).Properties.Where(static field => field.AttributeProvider is not null);
    }
}
