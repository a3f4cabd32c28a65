using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Messages;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Subscriptions;

/// <summary>The query and the answer of a replay, which the action reads and writes itself.</summary>
internal sealed class ReplayOperation : IOperationProcessor
{
    public const string OperationId = "Replay";

    private const string ExampleLines = """
        {"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","subject":"orders.new","consumer":"","sequence":{"stream":17,"consumer":1},"b64_msg":"SGVsbG8gV29ybGQK","message_subject":"orders.new","time":"2026-11-24T16:00:00.0000000Z"}

        """;

    private const string ExampleObjects = """
        {"event":"open","request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","consumer":"","last_sequence":16}
        {"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","subject":"orders.new","consumer":"","sequence":{"stream":17,"consumer":1},"b64_msg":"SGVsbG8gV29ybGQK","message_subject":"orders.new","time":"2026-11-24T16:00:00.0000000Z"}
        {"event":"end","request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","last_sequence":17}

        """;

    private static readonly (string Name, JsonObjectType Type, string Description)[] Query =
    [
        ("from_seq", JsonObjectType.Integer, "Begin at this stream sequence, or at the first message after it. At most one beginning."),
        ("from_time", JsonObjectType.String,
            "Begin at the first message that was stored at this time or later, such as `2026-11-24T16:00:00Z`."),
        ("last", JsonObjectType.Boolean, "Begin at the last message that is stored."),
        ("last_per_subject", JsonObjectType.Boolean,
            "Only the last message of each subject, of at most 10000, in the order of their sequences; with `follow` what comes then."),
        ("new", JsonObjectType.Boolean, "Begin at the next message that will be stored; `follow` is then `true` by default."),
        ("follow", JsonObjectType.Boolean, "Go on with what will be stored, until the client leaves. Default: `false`, with `new` `true`."),
        ("limit", JsonObjectType.Integer,
            "End after so many messages. It counts what this answer has: for a client that reconnects it begins anew."),
        ("metadata", JsonObjectType.Boolean,
            "`true` adds `deliveries`, which is 1, and, where the replay reads by a consumer of its own, `pending`: messages that were "
                + "asked for and were still to be sent then, without regard to `limit`. Default: `false`."),
        ("heartbeat", JsonObjectType.String, "As of a subscription: after how long without a message the client gets a sign of life."),
        ("credit", JsonObjectType.Integer,
            "Over a WebSocket only: how many messages the client takes before it says more by `{\"credit\":n}`; from 0 to 1000000."),
    ];

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (!string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            return true;
        }

        foreach (var (name, type, description) in Query)
        {
            Add(operation, OpenApiParameterKind.Query, name, description, new JsonSchema { Type = type });
        }

        Add(
            operation, OpenApiParameterKind.Query, "encoding", "How messages are written; what does not fit is written as `b64_msg`.",
            new JsonSchema { Type = JsonObjectType.String, Pattern = "^(base64|utf8|json)$" });
        Add(
            operation, OpenApiParameterKind.Query, "subject",
            $"Only messages of this subject; wildcards allowed. May be given up to {ReplayOptions.MostSubjects} times.",
            new JsonSchema { Type = JsonObjectType.Array, Item = new JsonSchema { Type = JsonObjectType.String } });
        Add(
            operation, OpenApiParameterKind.Header, "Last-Event-ID",
            "The last event id that the client has: the stream sequence of its last message; it goes before every beginning. With "
                + $"`{ReplayFrameWriter.EndOfId}` behind it the client has all, and the answer is 204.",
            new JsonSchema { Type = JsonObjectType.String, Pattern = $"^[0-9]+({ReplayFrameWriter.EndOfId})?$" });
        operation.Responses["200"] = new OpenApiResponse
        {
            Description = "The messages, one JSON object per line, or as `Accept` asks: `application/x-ndjson`, `application/jsonl`, "
                + "`application/json-seq`, or server-sent events with `text/event-stream`, whose `id` is the stream sequence, "
                + $"and with `{ReplayFrameWriter.EndOfId}` behind it the id of the end. Without "
                + "one of these the lines are v1's, and the end of the answer is the end of the replay; otherwise an object with "
                + "`\"event\":\"end\"` comes before. A line with `\"success\":false` tells why it ended otherwise. "
                + "`x-itemSchema` is the schema of one line.",
            Headers = { ["X-Accel-Buffering"] = StreamHeaders.NoBuffering },
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
                        context,
                        typeof(DeliveryLineContract),
                        typeof(OpenSign),
                        typeof(KeepAliveSign),
                        typeof(ReplayEndSign),
                        typeof(FailureAnswer)),
                    Example = ExampleObjects,
                },
            },
        };
        operation.Responses["204"] = new OpenApiResponse { Description = "The client has all of the replay that it reconnects to." };
        return true;
    }

    private static void Add(OpenApiOperation operation, OpenApiParameterKind kind, string name, string description, JsonSchema schema) =>
        operation.Parameters.Add(new OpenApiParameter { Name = name, Kind = kind, Description = description, Schema = schema });
}
