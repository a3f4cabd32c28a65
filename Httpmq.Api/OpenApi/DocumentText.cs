using NJsonSchema;
using NSwag;
using NSwag.Generation.Processors;
using NSwag.Generation.Processors.Contexts;

namespace Httpmq.Api.OpenApi;

/// <summary>The document as a whole: what holds for every operation, the server, and an order that is always the same.</summary>
internal sealed class DocumentText(string pathPrefix, string requestIdHeader) : IDocumentProcessor
{
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
              `Httpmq-Warning`); with `?strict=true` they are refused.
            * **Request ids**: send `{requestIdHeader}`, or get a fresh one; it is in the header and the body of every answer.
            * **Unknown paths** are 404, other **methods** 405 with `Allow`, with the same body as any failure.
            * With NATS away every operation answers within 5 s.
            """;
        document.Info.License = new OpenApiLicense { Name = "Apache-2.0", Url = "https://www.apache.org/licenses/LICENSE-2.0" };
        SetServer(document, pathPrefix);
        foreach (var schema in document.Definitions.Values)
        {
            LiftText(schema);
        }

        Sort(document.Paths);
        Sort(document.Definitions);
        document.Tags = [.. document.Tags.OrderBy(tag => tag.Name, StringComparer.Ordinal)];
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
