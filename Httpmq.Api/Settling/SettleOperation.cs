using Httpmq.Api.OpenApi;
using Newtonsoft.Json.Linq;
using NJsonSchema.Generation.TypeMappers;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Settling;

/// <summary>The body of a settlement, which a converter reads.</summary>
internal sealed class SettleOperation : IOperationProcessor
{
    public const string OperationId = "SettleMessages";

    private const string Json = "application/json";

    /// <summary>Keeps the generator from a schema of its own for what a converter reads.</summary>
    public static ITypeMapper BodyMapper { get; } = new PrimitiveTypeMapper(typeof(SettleRequest), static _ => { });

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            var body = operation.RequestBody.Content[Json];
            body.Schema = Schemas.Of<SettleParameters>(context);
            body.Example = new JObject
            {
                ["ack"] = new JArray(new JObject { ["stream"] = 1, ["consumer"] = 1 }),
                ["nak"] = new JArray(new JObject { ["stream"] = 2, ["consumer"] = 2, ["delay"] = "30s" }),
                ["term"] = new JArray(new JObject { ["stream"] = 3, ["consumer"] = 3 }),
                ["progress"] = new JArray(new JObject { ["stream"] = 4, ["consumer"] = 4 }),
            };
        }

        return true;
    }
}
