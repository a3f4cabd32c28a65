using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Pulling;

/// <summary>What of a pull is no JSON: the preference in its headers, and the answers of bytes and of CloudEvents.</summary>
internal sealed class PullOperation : IOperationProcessor
{
    public const string OperationId = "PullMessages";

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (!string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            return true;
        }

        operation.RequestBody.IsRequired = false;
        operation.RequestBody.Content["application/json"].Example = new JObject { ["batch"] = 50, ["expires"] = "5s" };
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = "Prefer",
            Kind = OpenApiParameterKind.Header,
            Description = "`wait=30`: the same as `expires`, in seconds, where the body does not have it; `wait=0`: the same as `no_wait`.",
            Schema = new JsonSchema { Type = JsonObjectType.String },
        });
        operation.Responses["200"].Content[BytesAnswer.ContentType] = new OpenApiMediaType
        {
            Schema = new JsonSchema { Type = JsonObjectType.String, Format = JsonFormatStrings.Binary },
        };
        operation.Responses["200"].Content[CloudEventJson.BatchContentType] = new OpenApiMediaType
        {
            Schema = new JsonSchema { Type = JsonObjectType.Array, Item = new JsonSchema { Type = JsonObjectType.Object } },
        };
        operation.Responses["200"].Content[CloudEventJson.ContentType] = new OpenApiMediaType
        {
            Schema = new JsonSchema { Type = JsonObjectType.Object },
        };
        foreach (var (name, description) in Metadata)
        {
            operation.Responses["200"].Headers[name] = new OpenApiHeader
            {
                Description = $"{description} Of an answer of bytes only.",
                Schema = new JsonSchema { Type = JsonObjectType.String },
            };
        }

        operation.Responses["204"] = new OpenApiResponse { Description = "No message came in time, and bytes were asked for." };
        return true;
    }

    private static readonly (string Name, string Description)[] Metadata =
    [
        (PulledBytes.Subject, "The subject that the message was published to."),
        (PulledBytes.Sequence, "Its sequence in the stream."),
        (PulledBytes.ConsumerSequence, "The delivery's sequence in the consumer."),
        (PulledBytes.Deliveries, "How often the message has been delivered, this time included."),
        (PulledBytes.Token, "Names the delivery, for its settlement."),
    ];
}
