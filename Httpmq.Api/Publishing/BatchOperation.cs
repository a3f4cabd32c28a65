using Httpmq.Api.OpenApi;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Publishing;

/// <summary>The lines of a batch, in and out, which the action reads and writes itself.</summary>
internal sealed class BatchOperation : IOperationProcessor
{
    public const string OperationId = "PublishBatch";

    private const string Lines = "application/x-ndjson";

    private const string ExampleRecords = """
        {"subject":"orders.new","b64_msg":"SGVsbG8gV29ybGQK"}
        {"subject":"orders.new","json":{"order":17},"headers":{"Trace-Id":"7"},"id":"order-17"}
        {"subject":"orders.new","b64_msg":"not base64"}

        """;

    private const string ExampleOutcomes = """
        {"success":true,"line":1,"stream":"orders","sequence":1}
        {"success":true,"line":2,"stream":"orders","sequence":2}
        {"success":false,"line":3,"error":{"code":400,"message":"Invalid record","detail":"b64_msg is not base64 with padding: encode the message first, for example with the command base64","type":"invalid-record"}}

        """;

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = PublishQuery.Atomic,
                Kind = OpenApiParameterKind.Query,
                Description = "`true`: all records are stored or none. Default: `false`.",
                Schema = new JsonSchema { Type = JsonObjectType.Boolean },
            });
            operation.RequestBody = Records(context, operation.Parameters.Count + 1);
            operation.Responses["200"] = Outcomes(context);
            LetHeadersBeSingle(Schemas.Of<PublishRecordContract>(context).ActualSchema);
        }

        return true;
    }

    /// <summary>A header of a record is a text or a list of texts, for which C# has no type.</summary>
    private static void LetHeadersBeSingle(JsonSchema record)
    {
        var headers = record.Properties["headers"];
        if (headers.AdditionalPropertiesSchema is { Type: JsonObjectType.Array } list)
        {
            headers.AdditionalPropertiesSchema =
                new JsonSchema { AnyOf = { new JsonSchema { Type = JsonObjectType.String }, list } };
        }
    }

    private static OpenApiRequestBody Records(OperationProcessorContext context, int position) => new()
    {
        Position = position,
        Description =
            "One JSON object per line (`\\n`); blank lines are skipped. Any `Content-Type` is taken. The body may be "
                + "endless: what waits for " +
            "JetStream is bounded, and reading waits for room. `x-itemSchema` is the schema of one line.",
        IsRequired = true,
        Content =
        {
            // First, because Swagger UI would put the lines of anything called json into quotes.
            ["text/plain"] = new OpenApiMediaType { Schema = LineSchema.Of(context, typeof(PublishRecordContract)), Example = ExampleRecords },
            [Lines] = new OpenApiMediaType { Schema = LineSchema.Of(context, typeof(PublishRecordContract)), Example = ExampleRecords },
        },
    };

    private static OpenApiResponse Outcomes(OperationProcessorContext context) => new()
    {
        Description =
            "With `atomic=true` one JSON object, where the batch was stored. Else one JSON object per record and line, in "
                + "the order of the records, also where all of them failed. Over "
                + "HTTP/2 they come while the " +
            "request is still sent, over HTTP/1.1 when it is complete. `x-itemSchema` is the schema of one line.",
        Headers = { ["Cache-Control"] = StreamHeaders.NoStore, ["X-Accel-Buffering"] = StreamHeaders.NoBuffering },
        Content =
        {
            [Lines] = new OpenApiMediaType { Schema = LineSchema.Of(context, typeof(PublishOutcomeContract)), Example = ExampleOutcomes },
            ["application/json"] = new OpenApiMediaType { Schema = Schemas.Of<AtomicAnswer>(context) },
        },
    };
}
