using NJsonSchema;
using NJsonSchema.CodeGeneration;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;
using NSwag.CodeGeneration.OperationNameGenerators;

namespace Httpmq.Client.Generate;

/// <summary>The settings of the generator.</summary>
internal static class ClientCode
{
    private const string List = "System.Collections.Generic.IReadOnlyList";
    private const string Map = "System.Collections.Generic.IReadOnlyDictionary";

    public static string Generate(OpenApiDocument document, string className, string[] exclude)
    {
        foreach (var schema in document.Definitions.Values)
        {
            // Keys that are newer than the client are ignored; else each class gets a dictionary for them.
            schema.ActualTypeSchema.AllowAdditionalProperties = false;
            foreach (var property in schema.ActualTypeSchema.Properties.Values)
            {
                TakeFirst(property);
            }
        }

        foreach (var operation in document.Operations)
        {
            // What both documents have is named after its API there; here the class says which it is.
            var id = operation.Operation.OperationId;
            var api = className[..^"Client".Length];
            operation.Operation.OperationId = id.StartsWith(api, StringComparison.Ordinal) ? id[api.Length..] : id;
        }

        foreach (var content in document.Operations.SelectMany(operation => Contents(operation.Operation)))
        {
            // Where there are two shapes, the first is the simple one; C# has no type for "either".
            content.Schema = content.Schema.OneOf.Concat(content.Schema.AnyOf).FirstOrDefault() ?? content.Schema;
        }

        var settings = new CSharpClientGeneratorSettings
        {
            ClassName = className,
            OperationNameGenerator = new SingleClientFromOperationIdOperationNameGenerator(),
            ExcludedOperationIds = ["Subscribe", "Replay", "SubscribeDuplex", "PublishBatch", "PublishMessage"],
            ExcludedParameterNames = ["Httpmq-Request-ID", "Idempotency-Key", "If-Match", "If-None-Match", "encoding", "Prefer"],
            ExceptionClass = "HttpmqException",

            // Written by hand: the generator's say what the document says of a status, and not what the gateway said.
            GenerateExceptionClasses = false,
            UseBaseUrl = false,
            DisposeHttpClient = false,
            GenerateOptionalParameters = true,
        };
        var code = settings.CSharpGeneratorSettings;
        code.Namespace = "Httpmq.Client";
        code.JsonLibrary = CSharpJsonLibrary.SystemTextJson;
        code.JsonLibraryVersion = 10;
        code.GenerateJsonMethods = false;
        code.GenerateDataAnnotations = false;
        code.GenerateNullableReferenceTypes = true;
        code.GenerateOptionalPropertiesAsNullable = true;
        code.ExcludedTypeNames = [.. exclude, "OpenSign", "KeepAliveSign", "ReplayEndSign"];
        code.PropertyNameGenerator = new PascalCaseNames();
        code.TypeNameGenerator = new TypeNames();
        (code.ArrayType, code.ArrayInstanceType) = (List, "System.Collections.Generic.List");
        (code.DictionaryType, code.DictionaryInstanceType) = (Map, "System.Collections.Generic.Dictionary");
        settings.ResponseArrayType = settings.ParameterArrayType = List;
        settings.ResponseDictionaryType = settings.ParameterDictionaryType = Map;
        return Wrap(new CSharpClientGenerator(document, settings).GenerateFile());
    }

    /// <summary>A duration is an integer or a text; C# keeps the integer, and a caller his TimeSpan's ticks times 100.</summary>
    private static void TakeFirst(JsonSchemaProperty property)
    {
        if (property.AnyOf.FirstOrDefault() is { } first)
        {
            (property.Type, property.Format) = (first.Type, first.Format);
            property.AnyOf.Clear();
        }

        if (property.AdditionalPropertiesSchema is { AnyOf: { Count: > 0 } either })
        {
            // Of a text or a list of texts the list is what can be said in all cases.
            property.AdditionalPropertiesSchema = either.Last();
        }
    }

    /// <summary>
    /// Calls go through one place, which waits for the whole answer and makes the library's exception of whatever goes wrong.
    /// </summary>
    private static string Wrap(string code) => code.Replace(
        "client_.SendAsync(request_, System.Net.Http.HttpCompletionOption.ResponseHeadersRead, cancellationToken)",
        "client_.CallAsync(request_, System.Net.Http.HttpCompletionOption.ResponseContentRead, cancellationToken)",
        StringComparison.Ordinal);

    private static IEnumerable<OpenApiMediaType> Contents(OpenApiOperation operation) =>
        operation.Responses.Values.SelectMany(response => response.Content.Values)
            .Concat(operation.RequestBody is { } body ? body.Content.Values : []);

    /// <summary>max_inflight becomes MaxInflight.</summary>
    private sealed class PascalCaseNames : IPropertyNameGenerator
    {
        public string Generate(JsonSchemaProperty property) =>
            string.Concat(property.Name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }

    /// <summary>ConsumerParametersMode becomes ConsumerMode.</summary>
    private sealed class TypeNames : DefaultTypeNameGenerator
    {
        public override string Generate(JsonSchema schema, string? typeNameHint, IEnumerable<string> reservedTypeNames) =>
            base.Generate(schema, schema.IsEnumeration
                ? typeNameHint?.Replace("Parameters", string.Empty, StringComparison.Ordinal)
                : typeNameHint, reservedTypeNames);
    }
}
