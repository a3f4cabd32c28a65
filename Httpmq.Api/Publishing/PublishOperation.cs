using Httpmq.Api.OpenApi;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Publishing;

/// <summary>The parameters and the body of a publish, which the action reads itself.</summary>
internal sealed class PublishOperation : IOperationProcessor
{
    public const string OperationId = "PublishMessage";

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            operation.Parameters.Add(Parameter(
                PublishQuery.Encoding,
                OpenApiParameterKind.Query,
                "How the message stands in the body: `base64`, the default whatever the `Content-Type`, or `raw`: its bytes as they are.",
                "base64",
                "raw"));
            operation.Parameters.Add(Parameter(
                PublishHeaderReader.IdempotencyKey,
                OpenApiParameterKind.Header,
                "Sent again with the same key within the stream's `duplicate_window`, the message is not stored again: the answer has the "
                    + "first sequence and `\"duplicate\":true`. Whether the message is the same is not compared. In quotes or without; "
                    + "the same as `Nats-Msg-Id`."));
            operation.Parameters.Add(Parameter(
                PublishHeaderReader.IfMatch,
                OpenApiParameterKind.Header,
                "Store the message only while the subject's last message has this sequence, such as `\"17\"`; else 412."));
            operation.Parameters.Add(Parameter(
                PublishHeaderReader.IfNoneMatch,
                OpenApiParameterKind.Header,
                "`*`: store the message only while the subject has none; else 412."));
            operation.Responses["200"].Content["application/json"].Schema =
                new JsonSchema { AnyOf = { Schemas.Of<PublishAnswer>(context), Schemas.Of<EventBatchAnswer>(context) } };
            operation.RequestBody = Body(position: operation.Parameters.Count + 1);
        }

        return true;
    }

    // No examples: Swagger UI would send them with every call.
    private static OpenApiParameter Parameter(string name, OpenApiParameterKind kind, string description, params string[] values)
    {
        var schema = new JsonSchema { Type = JsonObjectType.String };
        foreach (var value in values)
        {
            schema.Enumeration.Add(value);
        }

        return new OpenApiParameter { Name = name, Kind = kind, Description = description, Schema = schema };
    }

    private static OpenApiRequestBody Body(int position) => new()
    {
        Description =
            "The message as standard base64 with padding; CR and LF are skipped wherever they are. With `?encoding=raw` the message "
                + "itself. Any `Content-Type` is taken, also none. It has at least one byte, and no more than the stream and the NATS "
                + "server take (1 MiB by default, its headers included). A message with `Nats-Incr` is empty.",
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
