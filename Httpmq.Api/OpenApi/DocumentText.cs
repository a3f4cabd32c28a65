using Httpmq.Api.Http;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.OpenApi;

/// <summary>The document as a whole: what holds for every operation, the server, and an order that is always the same.</summary>
internal sealed class DocumentText(ApiGroup group, string pathPrefix, string requestIdHeader) : IDocumentProcessor
{
    private static readonly string[] Methods =
        [OpenApiOperationMethod.Post, OpenApiOperationMethod.Get, OpenApiOperationMethod.Put, OpenApiOperationMethod.Delete];

    public void Process(DocumentProcessorContext context)
    {
        var document = context.Document;
        document.Info.Description = $"""
            Streams, consumers and messages of NATS JetStream with nothing but HTTP. Cleartext HTTP/1.1 and HTTP/2 with prior
            knowledge share one port.

            * **Answers** are compact JSON, with `"success":true`, or with `"success":false` and an `error` whose `code` is the HTTP
              status. Every key is always there unless its description says otherwise; new keys may be added.
            * **Requests** are parsed whatever their `Content-Type` says.
            * **Durations** are integers in nanoseconds: 1 s is 1000000000; requests may say `"1s"` instead. **Times** are RFC 3339 in UTC.
            * **Unknown fields and query parameters** are ignored and named in `warnings` (answers that come line by line: in the header
              `Httpmq-Warning`); with `?strict=true` they are refused, and always where what a request does cannot be undone, such as
              `purge`.
            * **Request ids**: send `{requestIdHeader}`, or get a fresh one; it is in the header and the body of every answer.
            * **Who asks** is shown by a key or token, where the gateway is configured to ask: 401 without one, 403 where its owner may not.
            * **Unknown paths** are 404, other **methods** 405 with `Allow`, with the same body as any failure.
            * With NATS away every operation answers within 5 s.
            """;
        document.Info.License = new OpenApiLicense { Name = "Apache-2.0", Url = "https://www.apache.org/licenses/LICENSE-2.0" };
        SetServer(document, pathPrefix);

        // That a key is needed only where the gateway is configured so is said by the alternative without one.
        document.SecurityDefinitions["bearer"] = new OpenApiSecurityScheme
        {
            Type = OpenApiSecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "A key or token.",
        };
        document.SecurityDefinitions["key"] = new OpenApiSecurityScheme
        {
            Type = OpenApiSecuritySchemeType.ApiKey,
            In = OpenApiSecurityApiKeyLocation.Header,
            Name = "X-API-Key",
            Description = "A key.",
        };
        document.ExtensionData = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["security"] = new JArray
            {
                new JObject(), new JObject { ["bearer"] = new JArray() }, new JObject { ["key"] = new JArray() },
            },
        };
        document.Info.Contact = new OpenApiContact { Name = "Httpmq" };
        foreach (var schema in document.Definitions.Values)
        {
            LiftText(schema);
            foreach (var property in schema.ActualTypeSchema.Properties.Values)
            {
                Simplify(property);
            }
        }

        foreach (var operation in document.Operations)
        {
            Distinguish(operation.Operation);
        }

        SortPaths(document);
        Sort(document.Definitions);
        var used = document.Operations.SelectMany(static operation => operation.Operation.Tags).ToHashSet(StringComparer.Ordinal);
        document.Tags =
        [
            .. Tags.All.Where(tag => used.Contains(tag.Name))
                .Select(static tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }),
        ];
    }

    /// <summary>The server is where the document came from, whatever name it goes by.</summary>
    public static void SetServer(OpenApiDocument document, string pathPrefix)
    {
        document.Servers.Clear();
        document.Servers.Add(new OpenApiServer { Url = pathPrefix, Description = "The server that this document came from" });
    }

    /// <summary>Of a schema that extends another, text and example stand at its own part; they are the whole's.</summary>
    private static void LiftText(JsonSchema schema)
    {
        var own = schema.ActualTypeSchema;
        if (!ReferenceEquals(own, schema))
        {
            (schema.Description, own.Description) = (own.Description, null);
            (schema.Example, own.Example) = (own.Example, null);
        }
    }

    /// <summary>
    /// A reference with a text beside it is "all of" one schema, as readers of documents expect it. It cannot say that it may be null,
    /// and neither can a choice: what a request has as null is absent, and no answer has it.
    /// </summary>
    private static void Simplify(JsonSchemaProperty property)
    {
        if (property.OneOf is { Count: 1 } only)
        {
            property.AllOf.Add(only.First());
            property.OneOf.Clear();
        }

        if (property.Type is JsonObjectType.None)
        {
            property.IsNullableRaw = null;
        }
    }

    /// <summary>What both APIs have gets the name of its API, so that the two documents can be made one.</summary>
    private void Distinguish(OpenApiOperation operation)
    {
        if (operation.Tags is [Tags.Health])
        {
            operation.OperationId = $"{char.ToUpperInvariant(group.Name[0])}{group.Name[1..]}{operation.OperationId}";
        }
    }

    /// <summary>By their tags, in the order in which one works; what creates comes first and what deletes last.</summary>
    private static void SortPaths(OpenApiDocument document)
    {
        var paths = document.Paths
            .OrderBy(static path => path.Value.Values.Min(static operation => Tags.OrderOf(operation.Tags[0])))
            .ThenBy(static path => path.Key, StringComparer.Ordinal)
            .ToArray();
        document.Paths.Clear();
        foreach (var (path, item) in paths)
        {
            var operations = item.OrderBy(static operation => Array.IndexOf(Methods, operation.Key)).ToArray();
            item.Clear();
            foreach (var (method, operation) in operations)
            {
                item.Add(method, operation);
            }

            document.Paths.Add(path, item);
        }
    }

    private static void Sort<T>(IDictionary<string, T> entries)
    {
        var sorted = entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToArray();
        entries.Clear();
        foreach (var (key, value) in sorted)
        {
            entries.Add(key, value);
        }
    }
}
