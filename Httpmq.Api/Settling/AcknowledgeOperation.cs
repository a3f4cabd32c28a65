using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Application.Settling;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NJsonSchema.Generation.TypeMappers;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Settling;

/// <summary>One delivery or an array of them: two shapes of body, each with its own answer.</summary>
internal sealed class AcknowledgeOperation : IOperationProcessor
{
    public const string OperationId = "AcknowledgeMessage";

    private const string Json = "application/json";

    /// <summary>Keeps the generator from a schema of its own for what a converter reads.</summary>
    public static ITypeMapper BodyMapper { get; } = new PrimitiveTypeMapper(typeof(AckRequest), static _ => { });

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            var body = operation.RequestBody.Content[Json];
            body.Schema =
                new JsonSchema { OneOf = { Schemas.Of<AckParameters>(context), Schemas.Of<AckToken>(context), Several(context) } };
            body.Example = new JObject { ["stream"] = 1, ["consumer"] = 1 };
            operation.Responses["200"].Content[Json].Schema =
                new JsonSchema { AnyOf = { Schemas.Of<Answer>(context), Schemas.Of<AckBatchAnswer>(context) } };
        }

        return true;
    }

    private static JsonSchema Several(OperationProcessorContext context) => new()
    {
        Type = JsonObjectType.Array,
        Description = "Several deliveries of the same consumer; the answer tells the outcome of each.",
        Item = new JsonSchema { OneOf = { Schemas.Of<AckParameters>(context), Schemas.Of<AckToken>(context) } },
        MinItems = 1,
        MaxItems = AcknowledgeBatch.MaxPairs,
    };
}
