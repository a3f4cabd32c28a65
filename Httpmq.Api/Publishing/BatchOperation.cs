using Httpmq.Api.OpenApi;
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
        {"subject":"orders.new","b64_msg":"not base64"}

        """;

    private const string ExampleOutcomes = """
        {"success":true,"line":1,"stream":"orders","sequence":1}
        {"success":false,"line":2,"error":{"code":400,"message":"Invalid record","detail":"b64_msg is not base64 with padding: encode the message first, for example with the command base64","type":"invalid-record"}}

        """;

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            operation.RequestBody = Records(context);
            operation.Responses["200"] = Outcomes(context);
        }

        return true;
    }

    private static OpenApiRequestBody Records(OperationProcessorContext context) => new()
    {
        Description =
            "One JSON object per line (`\\n`); blank lines are skipped. Any `Content-Type` is taken. The body may be "
                + "endless: what waits for " +
            "JetStream is bounded, and reading waits for room. The schema is that of one line.",
        IsRequired = true,
        Content =
        {
            // First, because Swagger UI would put the lines of anything called json into quotes.
            ["text/plain"] = new OpenApiMediaType { Schema = Schemas.Of<PublishRecordContract>(context), Example = ExampleRecords },
            [Lines] = new OpenApiMediaType { Schema = Schemas.Of<PublishRecordContract>(context), Example = ExampleRecords },
        },
    };

    private static OpenApiResponse Outcomes(OperationProcessorContext context) => new()
    {
        Description =
            "One JSON object per record and line, in the order of the records, also where all of them failed. Over "
                + "HTTP/2 they come while the " +
            "request is still sent, over HTTP/1.1 when it is complete. The schema is that of one line.",
        Headers = { ["Cache-Control"] = StreamHeaders.NoCache, ["X-Accel-Buffering"] = StreamHeaders.NoBuffering },
        Content = { [Lines] = new OpenApiMediaType { Schema = Schemas.Of<PublishOutcomeContract>(context), Example = ExampleOutcomes } },
    };
}
