using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Subscriptions;

/// <summary>The two endless bodies of a duplex subscription.</summary>
internal sealed class DuplexOperation : IOperationProcessor
{
    public const string OperationId = "SubscribeDuplex";

    private const string ExampleUp = """
        {"credit":100}
        {"ack":[{"token":"AQEBzp57Qg"}],"id":"1"}

        """;

    private const string ExampleDown = """
        {"event":"open","request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","consumer":"billing"}
        {"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","stream":"orders","subject":"orders.new","consumer":"billing","sequence":{"stream":1,"consumer":1},"b64_msg":"SGVsbG8gV29ybGQK","message_subject":"orders.new","token":"AQEBzp57Qg"}
        {"event":"settled","id":"1","settled":1,"failed":0,"results":[]}

        """;

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (!string.Equals(operation.OperationId, OperationId, StringComparison.Ordinal))
        {
            return true;
        }

        SubscribeOperation.DescribeQuery(operation, heartbeatOfAny: true);
        operation.Parameters.Add(new OpenApiParameter
        {
            Kind = OpenApiParameterKind.Query,
            Name = "credit",
            Description =
                "How many messages the client takes before it says more by `{\"credit\":n}`; from 0 to 1000000. Absent: any number, until "
                    + "the first of those. A pull consumer is asked for no more; a push consumer delivers on its own, and credit bounds "
                    + "what is written. At most once.",
            Schema = new JsonSchema { Type = JsonObjectType.Integer, Minimum = 0, Maximum = DeliveryCredit.Max },
        });
        operation.RequestBody = new OpenApiRequestBody
        {
            Description = "One JSON object per line, for as long as the client likes.",
            Content = { ["application/x-ndjson"] = new OpenApiMediaType { Schema = Text(), Example = ExampleUp } },
        };
        operation.Responses["200"] = new OpenApiResponse
        {
            Description = "Subscribed. The body stays open and holds one JSON object per line, flushed with each.",
            Headers =
            {
                ["Cache-Control"] = StreamHeaders.NoStore,
                ["X-Accel-Buffering"] = StreamHeaders.NoBuffering,
            },
            Content =
            {
                ["application/x-ndjson"] = new OpenApiMediaType
                {
                    Schema = LineSchema.Of(
                        context,
                        typeof(DeliveryLineContract),
                        typeof(OpenSign),
                        typeof(KeepAliveSign),
                        typeof(SettledEvent),
                        typeof(FailureAnswer)),
                    Example = ExampleDown,
                },
            },
        };
        return true;
    }

    private static JsonSchema Text() => new() { Type = JsonObjectType.String };
}
