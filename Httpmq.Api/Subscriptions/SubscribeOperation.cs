using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Subscriptions.Framing;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Subscriptions;

/// <summary>The query and the endless answer of a subscribe, which the action reads and writes itself.</summary>
internal sealed class SubscribeOperation : IOperationProcessor
{
    public const string OperationId = "Subscribe";

    private const string ExampleLines = """
        {"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","subject":"orders.new","consumer":"billing","sequence":{"stream":1,"consumer":1},"b64_msg":"SGVsbG8gV29ybGQK","message_subject":"orders.new"}
        {"success":false,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","error":{"code":503,"message":"Server stopping","detail":"the gateway stops; subscribe again","type":"server-stopping"}}

        """;

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            DescribeQuery(operation);
            DescribeLines(operation, context);
        }

        return true;
    }

    // The optional ones have no example: Swagger UI would send it.
    private static void DescribeQuery(OpenApiOperation operation)
    {
        AddQuery(operation, new OpenApiParameter
        {
            Name = "subject_name",
            Description =
                "Does not filter: what comes is decided by the consumer's `filter_subject`, also where `subject_name` is "
                    + "narrower. It is checked, and " +
                "repeated in every line as `subject`, whatever subject the message has; that one is in `message_subject`. " +
                "If given: one of the consumer's filter subjects or, for a consumer without one, a subject that overlaps the "
                + "stream's; wildcards allowed. " +
                "Absent: nothing is checked, and `subject` is the message's own. At most once.",
            Schema = new JsonSchema { Type = JsonObjectType.String, MinLength = 1 },
        });
        AddQuery(operation, new OpenApiParameter
        {
            Name = "max_msg_inflight",
            Description =
                "For a pull consumer: how many messages are asked for ahead of what this subscriber was sent. Smaller shares more evenly; "
                    + "what is not yet acknowledged is bounded by the consumer's `max_inflight`, for all its subscribers together. Absent: "
                    + "the consumer's `max_inflight`. At most once.",
            Schema = new JsonSchema { Type = JsonObjectType.Integer, Format = JsonFormatStrings.Integer, Minimum = 1 },
        });
        var group = new JsonSchema { Type = JsonObjectType.String };
        SchemaDetails.ApplyNameRule(group);
        AddQuery(operation, new OpenApiParameter
        {
            Name = "delivery_group",
            Description = "The consumer's `delivery_group`; required when it has one, refused when it has none. At most once.",
            Schema = group,
        });
        AddQuery(operation, new OpenApiParameter
        {
            Name = "metadata",
            Description = "`true` adds `deliveries`, `pending`, `time` and `token` to every line. Default: `false`. At most once.",
            Schema = new JsonSchema { Type = JsonObjectType.Boolean },
        });
    }

    private static void DescribeLines(OpenApiOperation operation, OperationProcessorContext context) =>
        operation.Responses["200"] = new OpenApiResponse
        {
            Description =
                "Subscribed. The headers come at once; the body stays open and holds one JSON object per line (`\\n`), "
                    + "flushed with each message, " +
                "and nothing else: no `data:` fields and no blank lines, although the type is `text/event-stream`. " +
                "A line with `\"success\":true` is a message. A line with `\"success\":false` says why the stream "
                + "ends, and is the last one. " +
                "The schema is that of one line.",
            Headers =
            {
                ["Cache-Control"] = StreamHeaders.NoCache,
                ["X-Accel-Buffering"] = StreamHeaders.NoBuffering,
            },
            Content =
            {
                ["text/event-stream"] = new OpenApiMediaType
                {
                    Schema = new JsonSchema { OneOf = { Schemas.Of<DeliveryLineContract>(context), Schemas.Of<FailureAnswer>(context) } },
                    Example = ExampleLines,
                },
            },
        };

    private static void AddQuery(OpenApiOperation operation, OpenApiParameter parameter)
    {
        parameter.Kind = OpenApiParameterKind.Query;
        operation.Parameters.Add(parameter);
    }
}
