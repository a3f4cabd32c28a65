using System.Reflection;
using Httpmq.Api.Http;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.OpenApi;

/// <summary>Query parameters that an action reads itself: those of its <see cref="QueryAttribute"/>s.</summary>
internal sealed class QueryParts : IOperationProcessor
{
    public bool Process(OperationProcessorContext context)
    {
        foreach (var query in context.MethodInfo.GetCustomAttributes<QueryAttribute>())
        {
            // No example: Swagger UI would send it.
            context.OperationDescription.Operation.Parameters.Add(new OpenApiParameter
            {
                Name = query.Name,
                Kind = OpenApiParameterKind.Query,
                Description = query.Description,
                Schema = SchemaOf(query),
            });
        }

        return true;
    }

    private static JsonSchema SchemaOf(QueryAttribute query) => query.Type switch
    {
        var type when type == typeof(bool) => new JsonSchema { Type = JsonObjectType.Boolean },
        var type when type == typeof(long) => new JsonSchema
        {
            Type = JsonObjectType.Integer,
            Format = JsonFormatStrings.Long,
            Minimum = query.Minimum,
            Maximum = query.Maximum < long.MaxValue ? query.Maximum : null,
        },
        _ => new JsonSchema { Type = JsonObjectType.String, MinLength = 1 },
    };
}
