using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.OpenApi;

namespace Httpmq.Tests.Documents;

/// <summary>The tables of all routes in docs/api.md, made from an OpenAPI document: one for each group of operations.</summary>
internal static class RouteTable
{
    private const int MostFields = 10;

    private const string Head = """
        | route | what it does | takes | answers | errors |
        |---|---|---|---|---|

        """;

    // What one asks for first.
    private static readonly string[] First =
    [
        "batch", "expires", "subjects", "mode", "max_inflight", "filter_subject", "delivery_group", "ack_wait", "max_retry", "max_age",
        "max_bytes", "max_msgs", "replicas",
    ];

    // Of every answer, and of every route.
    private static readonly string[] CommonFields = ["success", "request_id", "warnings"];
    private static readonly string[] CommonStatuses = ["400", "401", "403", "408", "415", "503", "504"];
    private static readonly string[] CommonHeaders = ["Httpmq-Request-ID"];

    public static string Of(OpenApiFile document)
    {
        var text = new StringBuilder();
        foreach (var tag in DocumentedOperation.Objects(document.Json["tags"]))
        {
            text.Append($"**{tag["name"]}.** {tag["description"]}\n\n{Head}");
            foreach (var operation in document.Operations.Where(operation => HasTag(operation, (string)tag["name"]!)))
            {
                text.Append($"| `{operation}` | {Summary(operation)} | {Takes(document, operation)} | {Answers(document, operation)} ")
                    .Append($"| {Errors(operation)} |\n");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static bool HasTag(DocumentedOperation operation, string tag) =>
        string.Equals((string)operation.Json["tags"]![0]!, tag, StringComparison.Ordinal);

    private static string Summary(DocumentedOperation operation) =>
        ((string)operation.Json["summary"]!).ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);

    private static string Takes(OpenApiFile document, DocumentedOperation operation)
    {
        var query = Names(operation, "query").Select(static name => $"`?{name}`");
        var headers = Names(operation, "header").Except(CommonHeaders, StringComparer.Ordinal).Select(static name => $"header `{name}`");
        return string.Join(", ", Body(document, operation).Concat(query).Concat(headers));
    }

    private static IEnumerable<string> Names(DocumentedOperation operation, string place) => operation.Parameters
        .Where(parameter => string.Equals((string?)parameter["in"], place, StringComparison.Ordinal))
        .Select(static parameter => (string)parameter["name"]!);

    /// <summary>The fields of the body, those that are required first and in bold; of many the first ones.</summary>
    private static IEnumerable<string> Body(OpenApiFile document, DocumentedOperation operation)
    {
        if (operation.Json["requestBody"]?["content"] is not JsonObject content)
        {
            return [];
        }

        if (content["application/json"] is not { } json)
        {
            return [content.ContainsKey("application/x-ndjson") ? "lines of JSON" : "the message"];
        }

        var schema = json["schema"]!;
        var isChoice = schema["oneOf"] is JsonArray;
        var (all, required) = document.FieldsOf(isChoice ? schema["oneOf"]![0]! : schema);
        var fields = all.Keys
            .OrderByDescending(required.Contains)
            .ThenBy(static name => Array.IndexOf(First, name) is >= 0 and var place ? place : First.Length)
            .Select(name => required.Contains(name) ? $"**`{name}`**" : $"`{name}`").ToArray();
        var more = fields.Length > MostFields ? [$"and {fields.Length - MostFields} more"]
            : isChoice ? ["or an array"]
            : Array.Empty<string>();
        return fields.Take(MostFields).Concat(more);
    }

    private static string Answers(OpenApiFile document, DocumentedOperation operation)
    {
        var answers = operation.Responses.Where(static response => response.Key[0] is '2' or '3').SelectMany(response =>
            response.Key is "200"
                ? (response.Value["content"] as JsonObject ?? [])
                    .Select(content => Answer(document, content.Key, content.Value!["schema"]!))
                : [response.Key]);
        var text = string.Join("; ", answers.Where(static answer => answer.Length > 0).Distinct(StringComparer.Ordinal));
        return text.Length == 0 ? "-" : text;
    }

    private static string Answer(OpenApiFile document, string type, JsonNode schema)
    {
        switch (type)
        {
            case "application/octet-stream":
                return "the bytes";
            case "application/cloudevents+json" or "application/cloudevents-batch+json":
                return "CloudEvents";
            case not "application/json":
                return "lines of JSON";
        }

        var (fields, _) = document.FieldsOf(schema["anyOf"]?[0] ?? schema);
        return string.Join(", ", fields.Keys.Except(CommonFields, StringComparer.Ordinal).Select(static name => $"`{name}`"));
    }

    private static string Errors(DocumentedOperation operation) => string.Join(", ", operation.Responses
        .Where(static response => response.Key[0] is '4' or '5' && !CommonStatuses.Contains(response.Key, StringComparer.Ordinal))
        .Select(static response => (response.Key, Type: TypeOf(response.Value)))
        .Where(static error => error.Type is not ("body-too-large" or "rate-limited"))
        .Select(static error => $"{error.Key} `{error.Type}`"));

    private static string TypeOf(JsonObject response) =>
        (string)response["content"]!["application/json"]!["example"]!["error"]!["type"]!;
}
