using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Httpmq.Api.OpenApi;

namespace Httpmq.Tests.OpenApi;

/// <summary>An operation of a document.</summary>
internal sealed record DocumentedOperation(string Method, string Path, JsonObject Json)
{
    public IEnumerable<JsonObject> Parameters => Objects(Json["parameters"]);

    public IEnumerable<KeyValuePair<string, JsonObject>> Responses =>
        ((JsonObject)Json["responses"]!).Select(response => KeyValuePair.Create(response.Key, (JsonObject)response.Value!));

    public static IEnumerable<JsonObject> Objects(JsonNode? array) => (array as JsonArray ?? []).Select(item => (JsonObject)item!);

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>A committed document; `make doc` writes it.</summary>
internal sealed class OpenApiFile(string group)
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1);

    private readonly JsonObject _json = (JsonObject)JsonNode.Parse(Repository.Read($"docs/openapi/{group}.json"))!;

    /// <summary>All of it.</summary>
    public JsonObject Json => _json;

    public JsonObject Schemas => (JsonObject)_json["components"]!["schemas"]!;

    public IEnumerable<DocumentedOperation> Operations =>
        from path in (JsonObject)_json["paths"]!
        from operation in (JsonObject)path.Value!
        select new DocumentedOperation(operation.Key.ToUpperInvariant(), path.Key, (JsonObject)operation.Value!);

    public DocumentedOperation Operation(string operationId) =>
        Operations.Single(operation => string.Equals((string)operation.Json["operationId"]!, operationId, StringComparison.Ordinal));

    /// <summary>Where the value is not what the schema promises: fields that are missing or not described, and wrong types.</summary>
    public IEnumerable<string> Deviations(JsonNode? value, JsonNode schema, string at)
    {
        var resolved = Resolve(schema);
        if ((resolved["anyOf"] ?? resolved["oneOf"]) is JsonArray any)
        {
            return any.Any(one => !Deviations(value, one!, at).Any()) ? [] : [$"{at} is none of what it may be"];
        }

        if (resolved[LineSchema.ItemSchema] is { } line)
        {
            var lines = ((string)value!).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return lines.Length == 0
                ? [$"{at} has no line"]
                : lines.SelectMany((text, number) => Deviations(JsonNode.Parse(text), line, $"{at} line {number + 1}"));
        }

        if (resolved["type"] is null && resolved["allOf"] is null)
        {
            return []; // Any value.
        }

        var (properties, required) = Fields(resolved);
        switch (value)
        {
            case JsonObject item when resolved["additionalProperties"] is { } each:
                return item.SelectMany(entry => Deviations(entry.Value, each, $"{at}.{entry.Key}"));
            case JsonObject item:
                var missing = required.Where(field => !item.ContainsKey(field)).Select(field => $"{at}.{field} is missing");
                return missing.Concat(item.SelectMany(entry => properties.TryGetValue(entry.Key, out var property)
                    ? Deviations(entry.Value, property, $"{at}.{entry.Key}")
                    : [$"{at}.{entry.Key} is not described"]));
            case JsonArray when resolved["items"] is null:
                return [$"{at} is an array"];
            case JsonArray items:
                return items.SelectMany(item => Deviations(item, resolved["items"]!, $"{at}[]"));
            default:
                var type = value?.GetValueKind().ToString().ToLowerInvariant() switch
                {
                    "number" => "integer",
                    "true" or "false" => "boolean",
                    var kind => kind,
                };
                if (!string.Equals(type, (string?)resolved["type"], StringComparison.Ordinal))
                {
                    return [$"{at} is {type ?? "null"}"];
                }

                return (string?)resolved["pattern"] is { } pattern && !Regex.IsMatch((string)value!, pattern, default, TimeLimit)
                    || resolved["enum"] is JsonArray choices && !choices.Any(choice => JsonNode.DeepEquals(choice, value))
                    ? [$"{at} is {value}"]
                    : [];
        }
    }

    /// <summary>The fields of an object, also where the schema is a reference, and those that are always there.</summary>
    public (IReadOnlyDictionary<string, JsonNode> Properties, IReadOnlySet<string> Required) FieldsOf(JsonNode schema) =>
        Fields(Resolve(schema));

    private (Dictionary<string, JsonNode> Properties, HashSet<string> Required) Fields(JsonNode schema)
    {
        var parts = schema["allOf"] is JsonArray all ? all.Select(part => Resolve(part!)) : [schema];
        var properties = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        var required = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            foreach (var (name, property) in part["properties"] as JsonObject ?? [])
            {
                properties.Add(name, property!);
            }

            required.UnionWith((part["required"] as JsonArray ?? []).Select(name => (string)name!));
        }

        return (properties, required);
    }

    private JsonNode Resolve(JsonNode schema)
    {
        var reference = (schema["allOf"] is JsonArray { Count: 1 } only ? only[0] : schema)!["$ref"];
        return reference is null ? schema : Schemas[((string)reference!).Split('/')[^1]]!;
    }
}
