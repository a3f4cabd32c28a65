using Httpmq.Domain.Naming;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.OpenApi;

/// <summary>What operations have in common: the names in the path, the JSON body, and the request id in and out.</summary>
internal sealed class CommonParts(string requestIdHeader) : IOperationProcessor
{
    public const string ExampleRequestId = "8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77";

    private const int SubjectMaxLength = 2048;

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.Kind == OpenApiParameterKind.Path))
        {
            Describe(parameter);
        }

        if (operation.RequestBody is { Description: null } body)
        {
            body.Description = "JSON, whatever the `Content-Type` says. Fields in any case; unknown ones are ignored and named in "
                + "`warnings`; `null` is the same as absent.";
        }

        operation.Parameters.Add(new OpenApiParameter
        {
            Name = requestIdHeader,
            Kind = OpenApiParameterKind.Header,
            Description = "An id of your own for this request, to be found again in the answer and in the gateway's log; a UUID, say.",

            // No example: Swagger UI would send it with every call.
            Schema = new JsonSchema { Type = JsonObjectType.String },
        });
        foreach (var response in operation.Responses.Values)
        {
            response.Headers[requestIdHeader] = new OpenApiHeader
            {
                Description = "The request's id: the one that it sent, or a fresh UUID.",
                Schema = new JsonSchema { Type = JsonObjectType.String, Example = ExampleRequestId },
            };
        }

        return true;
    }

    private static void Describe(OpenApiParameter parameter)
    {
        switch (parameter.Name)
        {
            case "stream":
                parameter.Description = $"The stream's name: {EntityName.Rule}.";
                parameter.Schema.Example = "orders";
                SchemaDetails.ApplyNameRule(parameter.Schema);
                break;
            case "consumer":
                parameter.Description = $"The consumer's name: {EntityName.Rule}.";
                parameter.Schema.Example = "billing";
                SchemaDetails.ApplyNameRule(parameter.Schema);
                break;
            case "sequence":
                parameter.Description = "The message's sequence in the stream, at least 1.";
                parameter.Schema = new JsonSchema
                { Type = JsonObjectType.Integer, Format = JsonFormatStrings.ULong, Minimum = 1, Example = 17 };
                break;
            case "subject":
                parameter.Description = "The subject: tokens split by `.`, none empty, no white space or control characters, "
                    + "no wildcards. Percent-encoded where a path needs it.";
                parameter.Schema.Example = "orders.new";
                parameter.Schema.MinLength = 1;
                parameter.Schema.MaxLength = SubjectMaxLength;
                break;
        }
    }
}
