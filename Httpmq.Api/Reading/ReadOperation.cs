using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.Reading;

/// <summary>What the actions that read messages do not declare: the encoding, the caching, and the answer of bytes.</summary>
internal sealed class ReadOperation : IOperationProcessor
{
    public const string OneId = "ReadMessage";
    public const string LastId = "ReadLastMessage";

    private static readonly (string Name, string Description, bool IsOfBytes)[] Headers =
    [
        ("ETag", "The message's sequence in quotes; for `If-None-Match`.", false),
        ("Cache-Control", "Whether the answer may be kept.", false),
        (StoredBytes.Stream, "The stream.", true),
        (StoredBytes.Subject, "The subject that the message was published to.", true),
        (StoredBytes.Sequence, "Its sequence in the stream.", true),
        (StoredBytes.Time, "When it was stored.", true),
    ];

    public bool Process(OperationProcessorContext context)
    {
        var operation = context.OperationDescription.Operation;
        if (operation.OperationId is not (OneId or LastId))
        {
            return true;
        }

        operation.Parameters.Add(new OpenApiParameter
        {
            Name = "encoding",
            Kind = OpenApiParameterKind.Query,
            Description = "How the message stands in JSON: `base64` as `b64_msg` (default), `utf8` as the text `msg`, `json` as the value "
                + "`json`. What does not fit stands there as `b64_msg`.",
            Schema = new JsonSchema { Type = JsonObjectType.String, Pattern = "^(base64|utf8|json)$" },
        });
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = "If-None-Match",
            Kind = OpenApiParameterKind.Header,
            Description = "An `ETag` of before: the answer is 304 where the message is still the same.",
            Schema = new JsonSchema { Type = JsonObjectType.String },
        });
        operation.Responses["200"].Content[BytesAnswer.ContentType] = new OpenApiMediaType
        {
            Schema = new JsonSchema { Type = JsonObjectType.String, Format = JsonFormatStrings.Binary },
        };
        operation.Responses["200"].Content[CloudEventJson.ContentType] = new OpenApiMediaType
        {
            Schema = new JsonSchema { Type = JsonObjectType.Object },
        };
        foreach (var (name, description, isOfBytes) in Headers)
        {
            operation.Responses["200"].Headers[name] = new OpenApiHeader
            {
                Description = isOfBytes ? $"{description} Of an answer of bytes only." : description,
                Schema = new JsonSchema { Type = JsonObjectType.String },
            };
        }

        operation.Responses["304"] = new OpenApiResponse { Description = "The message is the one of `If-None-Match`." };
        return true;
    }
}
