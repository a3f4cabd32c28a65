using System.Reflection;
using System.Xml.Linq;
using Httpmq.Api.Http;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;
using Namotion.Reflection;
using Newtonsoft.Json.Linq;

namespace Httpmq.Api.OpenApi;

/// <summary>
/// Adds the answers to failures that an action's <see cref="ErrorsAttribute"/> lists, each with a text, an example and its
/// headers. The text is the action's own where its comment has a <c>response</c> with that status.
/// </summary>
internal sealed class ErrorAnswers : IOperationProcessor
{
    private const string Json = "application/json";

    private static readonly Dictionary<int, ErrorText> Texts = new()
    {
        [400] = new(
            "The request is malformed or out of range, or JetStream refused it as invalid. `detail` names the field and the value.",
            "Invalid request",
            "name: 'my stream' is not 1 to 255 of the characters A-Z a-z 0-9 - _",
            "invalid-request"),
        [404] = new(
            "The stream or the consumer does not exist.",
            "Failed to read stream orders",
            "stream not found (err_code 10059)",
            "stream-not-found"),
        [408] = new(
            "The body did not come in time (`read_timeout_sec`, `limits.min_body_bytes_per_sec`).",
            "Malformed request",
            "the body was not complete within 60 s (read_timeout_sec)",
            "request-too-slow"),
        [409] = new(
            "It exists with another configuration, is in use, or cannot be done in its present state.",
            "Failed to create stream orders",
            "stream name already in use with a different configuration (err_code 10058)",
            "stream-exists"),
        [413] = new(
            "The body is larger than 8 MiB, and refused while it is read; or what JetStream would be sent is larger "
                + "than the NATS server takes.",
            "Request body too large",
            "the body has more than 8388608 bytes",
            "body-too-large"),
        [415] = new(
            "The body is compressed (`Content-Encoding`).",
            "Unsupported content encoding",
            "Content-Encoding: 'gzip' is not supported; send the body uncompressed, without this header",
            "unsupported-encoding"),
        [429] = new(
            "As many subscriptions are open as the gateway takes (`limits.max_subscriptions`).",
            "Too many subscriptions",
            "20000 are open (limits.max_subscriptions)",
            "too-many-subscriptions"),
        [501] = new(
            "The nats-server is too old for a field of the request. `detail` names the field, and the first version that has it.",
            "Failed to create stream orders",
            "metadata needs nats-server 2.10 or later, and the connected one is 2.9.10; nothing was changed",
            "server-too-old"),
        [503] = new(
            "NATS or its JetStream cannot be reached at the moment. `detail` says whether anything was done; try again after "
                + "the time in `Retry-After`.",
            "NATS is not available",
            "the gateway has no connection to NATS at the moment and keeps trying; nothing was stored or changed",
            "nats-unavailable"),
        [504] = new(
            "JetStream did not answer in time. `detail` says whether what was asked may have happened; asking again is safe.",
            "Failed to read stream orders",
            "JetStream did not answer within 4 s; nothing was changed",
            "jetstream-timeout"),
        [507] = new(
            "JetStream has no room left: storage, memory, or a limit of the account.",
            "Failed to create stream orders",
            "insufficient storage resources available (err_code 10047)",
            "storage-full"),
    };

    public bool Process(OperationProcessorContext context)
    {
        var own = OwnTexts(context.MethodInfo);
        var schema = Schemas.Of<FailureAnswer>(context);
        var problem = Schemas.Of<ProblemDocument>(context);
        var responses = context.OperationDescription.Operation.Responses;
        foreach (var status in context.MethodInfo.GetCustomAttribute<ErrorsAttribute>()?.Statuses ?? [])
        {
            var text = Texts[status];
            var response = Answer(schema, problem, own.GetValueOrDefault($"{status}", text.Description), status, text);
            if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
            {
                response.Headers["Retry-After"] = new OpenApiHeader
                {
                    Description = "Seconds after which to try again.",
                    Schema = new JsonSchema { Type = JsonObjectType.Integer, Format = JsonFormatStrings.Integer, Minimum = 1, Example = 1 },
                };
            }

            responses[$"{status}"] = response;
        }

        responses["default"] = Answer(
            schema,
            problem,
            "Any other failure, such as 500 for a fault of the gateway itself; its log has the request id.",
            StatusCodes.Status500InternalServerError,
            new ErrorText(string.Empty, "Internal error", "the gateway failed; its log has the request id", "internal-error"));
        return true;
    }

    private static OpenApiResponse Answer(JsonSchema schema, JsonSchema problem, string description, int status, ErrorText text) => new()
    {
        Description = description,
        Content =
        {
            [Json] = new OpenApiMediaType
            {
                Schema = schema,
                Example = new JObject
                {
                    ["success"] = false,
                    ["request_id"] = CommonParts.ExampleRequestId,
                    ["error"] =
                        new JObject { ["code"] = status, ["message"] = text.Message, ["detail"] = text.Detail, ["type"] = text.Type },
                },
            },
            [Problem.ContentType] = new OpenApiMediaType { Schema = problem },
        },
    };

    private static Dictionary<string, string> OwnTexts(MethodInfo method) =>
        (method.GetXmlDocsElement()?.Elements("response") ?? [])
            .Where(response => response.Attribute("code") is not null)
            .ToDictionary(response => response.Attribute("code")!.Value, Text, StringComparer.Ordinal);

    private static string Text(XElement element) =>
        string.Join(' ', element.Value.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));

    private sealed record ErrorText(string Description, string Message, string Detail, string Type);
}
