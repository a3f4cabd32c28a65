using System.Text.Json.Nodes;

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
    private readonly JsonObject _json = (JsonObject)JsonNode.Parse(Repository.Read($"docs/openapi/{group}.json"))!;

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
        if (resolved["anyOf"] is JsonArray any)
        {
            return any.Any(one => !Deviations(value, one!, at).Any()) ? [] : [$"{at} is none of what it may be"];
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
            case JsonArray items:
                return items.SelectMany(item => Deviations(item, resolved["items"]!, $"{at}[]"));
            default:
                var type = value?.GetValueKind().ToString().ToLowerInvariant() switch
                {
                    "number" => "integer",
                    "true" or "false" => "boolean",
                    var kind => kind,
                };
                return string.Equals(type, (string?)resolved["type"], StringComparison.Ordinal) ? [] : [$"{at} is {type}"];
        }
    }

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
        var reference = (schema["oneOf"] is JsonArray { Count: 1 } only ? only[0] : schema)!["$ref"];
        return reference is null ? schema : Schemas[((string)reference!).Split('/')[^1]]!;
    }
}
