using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Limits;
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
        {"success":false,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","error":{"code":503,"message":"Server stopping","detail":"the gateway is stopping; subscribe again","type":"server-stopping"}}

        """;

    private const string ExampleObjects = """
        {"event":"open","request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","consumer":"billing"}
        {"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","subject":"orders.new","consumer":"billing","sequence":{"stream":1,"consumer":1},"b64_msg":"SGVsbG8gV29ybGQK","message_subject":"orders.new","token":"AQEB4FPCkw"}
        {"event":"keepalive","time":"2026-11-24T16:00:15.0000000Z"}

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
    public static void DescribeQuery(OpenApiOperation operation, bool heartbeatOfAny = false)
    {
        AddQuery(operation, new OpenApiParameter
        {
            Name = "subject_name",
            Description =
                "Does not filter: what comes is decided by the consumer's `filter_subject`, also where `subject_name` is "
                    + "narrower. It is checked, and " +
                "without a framing by `Accept`, repeated in every line as `subject`, whatever subject the message has; that one is in "
                    + "`message_subject`. " +
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
            Description =
                "`true` adds `deliveries`, `pending`, `time`, `token` and, where the message has any, `headers` to every delivery; the "
                    + "framings that `Accept` names have the last two anyway. Default: `false`. At most once.",
            Schema = new JsonSchema { Type = JsonObjectType.Boolean },
        });
        AddQuery(operation, new OpenApiParameter
        {
            Name = "encoding",
            Description =
                "How payloads are written: `base64` as `b64_msg` (the default); `utf8` as the string `msg`; `json` as the value `json`. A "
                    + "payload that is no such thing is in `b64_msg`. At most once.",
            Schema = new JsonSchema { Type = JsonObjectType.String, Enumeration = { "base64", "utf8", "json" } },
        });
        AddQuery(operation, new OpenApiParameter
        {
            Name = "heartbeat",
            Description =
                "A sign of life whenever nothing else came for so long, such as `15s`, or in nanoseconds: from `1s` to `1h`. "
                    + (heartbeatOfAny ? string.Empty : "Only in a framing that `Accept` names. ") + "Absent: none. At most once.",
            Schema = new JsonSchema { Type = JsonObjectType.String, Pattern = $"^[0-9]+$|{DurationText.Pattern}" },
        });
        AddQuery(operation, new OpenApiParameter
        {
            Name = "ack",
            Description =
                "`auto`: the gateway acknowledges each message once it is written. That is delivery at most once: what is lost between "
                    + "gateway and client is not redelivered. Only for a consumer with ack policy `explicit`. Absent: the client "
                    + "acknowledges. At most once.",
            Schema = new JsonSchema { Type = JsonObjectType.String, Enumeration = { "auto" } },
        });
    }

    private static void DescribeLines(OpenApiOperation operation, OperationProcessorContext context) =>
        operation.Responses["200"] = new OpenApiResponse
        {
            Description =
                "Subscribed. The headers come at once; the body stays open and holds one JSON object per line (`\\n`), "
                    + "flushed with each message, " +
                "and nothing else: no `data:` fields and no blank lines, although the type is `text/event-stream`. " +
                "`Accept` chooses another framing by its name: `application/x-ndjson`, `application/jsonl` and `application/json-seq` "
                + "have the same objects, after an `{\"event\":\"open\"}`; `text/event-stream` is then real server-sent events, for "
                + "`EventSource`: `event: message` with the object as `data`, and a last `event: end`. " +
                "A line with `\"success\":true` is a message. A line with `\"success\":false` says why the stream "
                + "ends, and is the last one. " +
                "`x-itemSchema` is the schema of one line.",
            Headers =
            {
                ["Cache-Control"] = StreamHeaders.NoCache,
                ["X-Accel-Buffering"] = StreamHeaders.NoBuffering,
            },
            Content =
            {
                ["text/event-stream"] = new OpenApiMediaType
                {
                    Schema = LineSchema.Of(context, typeof(DeliveryLineContract), typeof(FailureAnswer)),
                    Example = ExampleLines,
                },
                ["application/x-ndjson"] = new OpenApiMediaType
                {
                    Schema = LineSchema.Of(
                        context, typeof(DeliveryLineContract), typeof(OpenSign), typeof(KeepAliveSign), typeof(FailureAnswer)),
                    Example = ExampleObjects,
                },
            },
        };

    private static void AddQuery(OpenApiOperation operation, OpenApiParameter parameter)
    {
        parameter.Kind = OpenApiParameterKind.Query;
        operation.Parameters.Add(parameter);
    }
}
