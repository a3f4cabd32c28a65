using System.Reflection;
using System.Text.Json;
using System.Xml.Linq;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;
using Namotion.Reflection;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.OpenApi;

/// <summary>
/// Adds the answers to failures that an action's <see cref="ErrorsAttribute"/> lists, each with a text, an example and its
/// headers. The text is the action's own where its comment has a <c>response</c> with that status.
/// </summary>
internal sealed class ErrorAnswers : IOperationProcessor
{
    private const string Json = "application/json";

    private const string RateLimited = "More is asked than `rate_limits` permits. Try again after the time in `Retry-After`.";

    // What every action can fail with, and what those that are open to all can.
    private static readonly int[] OfCallers = [401, 403, 429];
    private static readonly int[] OfEverybody = [403];

    private static readonly Dictionary<int, string> Texts = new()
    {
        [400] =
            "The request is malformed or out of range, or JetStream refused it as invalid. `detail` names the field and the value.",
        [401] = "Nothing is shown of who sends the request, or a key or token that is not known. `WWW-Authenticate` says how to show one.",
        [403] =
            "The caller may not do this, whether the stream, consumer or message exists or not; or a web page sent the request that "
                + "may not use this server.",
        [404] = "The stream or the consumer does not exist.",
        [408] = "The body did not come in time (`read_timeout_sec`, `limits.min_body_bytes_per_sec`).",
        [409] = "It exists with another configuration, is in use, or cannot be done in its present state.",
        [412] = "The condition of the request does not hold.",
        [413] =
            "The body is larger than 8 MiB, and refused while it is read; or what JetStream would be sent is larger "
                + "than the NATS server takes.",
        [415] = "The body is compressed (`Content-Encoding`).",
        [422] = "JetStream refuses it as invalid in itself, or the stream does not permit it.",
        [429] = "As many subscriptions are open as the gateway takes (`limits.max_subscriptions`).",
        [501] =
            "The nats-server is too old for a field of the request. `detail` names the field, and the first version that has it.",
        [503] =
            "NATS or its JetStream cannot be reached at the moment. `detail` says whether anything was done; try again after "
                + "the time in `Retry-After`.",
        [504] =
            "JetStream did not answer in time. `detail` says whether what was asked may have happened; asking again is safe.",
        [507] = "JetStream has no room left: storage, memory, or a limit of the account.",
    };

    public bool Process(OperationProcessorContext context)
    {
        var own = OwnTexts(context.MethodInfo);
        var schema = Schemas.Of<FailureAnswer>(context);
        var problem = Schemas.Of<ProblemDocument>(context);
        var operationId = context.OperationDescription.Operation.OperationId;
        var responses = context.OperationDescription.Operation.Responses;
        foreach (var status in StatusesOf(context.MethodInfo))
        {
            var text = own.GetValueOrDefault($"{status}", Texts[status]);
            if (status is StatusCodes.Status429TooManyRequests)
            {
                text = StatusesIn(context.MethodInfo).Contains(status) ? $"{text} Or: {RateLimited}" : RateLimited;
            }

            var response = Answer(schema, problem, text, ErrorExamples.Of(operationId, status));
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
            "Any other failure, such as 500 for an error of the gateway itself; its log has the request id.",
            HttpErrors.Failed);
        return true;
    }

    private static IReadOnlyList<int> StatusesIn(MethodInfo action) => action.GetCustomAttribute<ErrorsAttribute>()?.Statuses ?? [];

    private static IEnumerable<int> StatusesOf(MethodInfo action)
    {
        var isOpen = action.IsDefined(typeof(OpenToAllAttribute)) || action.DeclaringType!.IsDefined(typeof(OpenToAllAttribute));
        return StatusesIn(action).Union(isOpen ? OfEverybody : OfCallers).Order();
    }

    private static OpenApiResponse Answer(JsonSchema schema, JsonSchema problem, string description, Error example) => new()
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
                    ["error"] = JObject.Parse(JsonSerializer.Serialize(ErrorResponses.Contract(example), AnswerJson.Wire.ErrorContract)),
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
}
