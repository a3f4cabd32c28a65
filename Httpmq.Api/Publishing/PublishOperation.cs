using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Publishing;

/// <summary>The body of a publish, which the action reads itself.</summary>
internal sealed class PublishOperation : IOperationProcessor
{
    public const string OperationId = "PublishMessage";

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            operation.RequestBody = Body(position: operation.Parameters.Count + 1);
        }

        return true;
    }

    private static OpenApiRequestBody Body(int position) => new()
    {
        Description =
            "The message as standard base64 with padding; CR and LF are skipped wherever they are. Any `Content-Type` is taken, also none. "
                +
            "It decodes to at least one byte, and to no more than the stream and the NATS server take (1 MiB by default).",
        IsRequired = true,
        Position = position,
        Content =
        {
            ["text/plain"] = new OpenApiMediaType
            {
                // Not format "byte": generated clients would encode the text again.
                Schema = new JsonSchema { Type = JsonObjectType.String, MinLength = 1, Pattern = @"^[A-Za-z0-9+/=\r\n]+$" },
                Example = "SGVsbG8gV29ybGQK",
            },
        },
    };
}
