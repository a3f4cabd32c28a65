using Namotion.Reflection;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.OpenApi;

/// <summary>
/// The schema of a body that has one JSON object per line: a text, since OpenAPI 3.0 has no sequence of objects, with the schema of an
/// object as <c>x-itemSchema</c> (3.2 calls it <c>itemSchema</c>).
/// </summary>
internal static class LineSchema
{
    public const string ItemSchema = "x-itemSchema";

    /// <param name="context">Gets the schemas of the shapes.</param>
    /// <param name="shapes">Each line has one of these.</param>
    public static JsonSchema Of(OperationProcessorContext context, params Type[] shapes)
    {
        var references = Array.ConvertAll(shapes, shape => Reference(context, shape));
        return new JsonSchema
        {
            Type = JsonObjectType.String,
            ExtensionData = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [ItemSchema] = references is [var only] ? only : new JObject { ["oneOf"] = new JArray(references.ToArray<object>()) },
            },
        };
    }

    /// <summary>The document does not follow references in an extension, so this one is its final text.</summary>
    private static JObject Reference(OperationProcessorContext context, Type shape)
    {
        context.SchemaGenerator.GenerateWithReference<JsonSchema>(shape.ToContextualType(), context.SchemaResolver);
        return new JObject { ["$ref"] = $"#/components/schemas/{new SchemaNames().Generate(shape)}" };
    }
}
