using Namotion.Reflection;
using NJsonSchema;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.OpenApi;

/// <summary>Schemas for what an action reads and writes itself.</summary>
internal static class Schemas
{
    /// <summary>A reference to the contract's schema.</summary>
    public static JsonSchema Of<T>(OperationProcessorContext context) =>
        context.SchemaGenerator.GenerateWithReference<JsonSchema>(typeof(T).ToContextualType(), context.SchemaResolver);
}
