using System.Text.Json.Nodes;

namespace Httpmq.Tests.OpenApi;

/// <summary>
/// The rules of the linters for OpenAPI documents (Redocly's recommended ones, Spectral's <c>spectral:oas</c>) that these documents once
/// broke, and what generators of clients stumble over.
/// </summary>
internal sealed class LintTests
{
    private static readonly string[] Groups = ["management", "dataplane"];

    private static readonly string[] Methods = ["POST", "GET", "PUT", "DELETE"];

    [TestCaseSource(nameof(Groups))]
    public void Document_AsAWhole_SaysWhoMadeItUnderWhichLicenceAndThatItIsOpen(string api)
    {
        var json = new OpenApiFile(api).Json;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((string?)json["info"]!["contact"]!["name"], Is.Not.Empty);
            Assert.That((string?)json["info"]!["license"]!["url"], Is.Not.Empty);
            Assert.That(json["security"]!.ToJsonString(), Is.EqualTo("""[{},{"bearer":[]},{"key":[]}]"""));
            Assert.That(
                json["components"]!["securitySchemes"]!.AsObject().Select(static scheme => scheme.Key),
                Is.EqualTo(new[] { "bearer", "key" }));
            Assert.That((JsonArray)json["servers"]!, Is.Not.Empty);
        }
    }

    [TestCaseSource(nameof(Groups))]
    public void Operations_Each_HaveADeclaredTagASuccessAndARefusal(string api)
    {
        var document = new OpenApiFile(api);
        var declared = DocumentedOperation.Objects(document.Json["tags"]).Select(static tag => (string)tag["name"]!).ToArray();
        var broken =
            from operation in document.Operations
            let statuses = operation.Responses.Select(static response => response.Key).ToArray()
            where !declared.Contains((string)operation.Json["tags"]![0]!, StringComparer.Ordinal)
                || !statuses.Any(static status => status[0] is '2')
                || !statuses.Any(static status => status[0] is '4')
            select operation;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(DocumentedOperation.Objects(document.Json["tags"]), Has.All.Matches<JsonObject>(
                static tag => !string.IsNullOrWhiteSpace((string?)tag["description"])));
            Assert.That(broken, Is.Empty);
        }
    }

    /// <summary>As one works: a stream, then a consumer, then messages; of one path what creates before what deletes.</summary>
    [TestCase("management", "Streams Consumers Info Health")]
    [TestCase("dataplane", "Publishing Subscriptions Settling Reading Health")]
    public void Operations_InTheDocument_ComeInTheOrderInWhichOneWorks(string api, string tags)
    {
        var document = new OpenApiFile(api);
        var order = tags.Split(' ');
        var places = document.Json["paths"]!.AsObject()
            .Select(path => path.Value!.AsObject().Min(operation => Array.IndexOf(order, (string)operation.Value!["tags"]![0]!)));
        var methods = document.Json["paths"]!.AsObject()
            .Select(static path =>
                path.Value!.AsObject().Select(static operation => Array.IndexOf(Methods, operation.Key.ToUpperInvariant())));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                DocumentedOperation.Objects(document.Json["tags"]).Select(static tag => (string)tag["name"]!), Is.EqualTo(order));
            Assert.That(places, Is.Ordered.And.All.AtLeast(0));
            Assert.That(methods, Is.All.Ordered);
        }
    }

    [TestCaseSource(nameof(Groups))]
    public void Parameters_OfThePath_AreThoseOfTheTemplate(string api)
    {
        var broken =
            from operation in new OpenApiFile(api).Operations
            let inTemplate = operation.Path.Split('/').Where(static part => part.StartsWith('{')).Select(static part => part[1..^1])
            let declared = operation.Parameters.Where(static parameter => (string?)parameter["in"] is "path")
            where !inTemplate.Order(StringComparer.Ordinal)
                    .SequenceEqual(
                        declared.Select(static parameter => (string)parameter["name"]!).Order(StringComparer.Ordinal),
                        StringComparer.Ordinal)
                || declared.Any(static parameter => parameter["required"]?.GetValue<bool>() is not true)
            select operation;

        Assert.That(broken, Is.Empty);
    }

    /// <summary>A null needs a type beside it, and a choice needs two different schemas.</summary>
    [TestCaseSource(nameof(Groups))]
    public void Schemas_Anywhere_AreSoundInThemselves(string api)
    {
        var broken =
            from found in Nodes(new OpenApiFile(api).Json, "#")
            where found.Node["nullable"] is not null && found.Node["type"] is null
                || IsNoChoice(found.Node["oneOf"]) || IsNoChoice(found.Node["anyOf"])
                || found.Node["type"]?.GetValueKind() is System.Text.Json.JsonValueKind.String
                    && (string?)found.Node["type"] is "array" && found.Node["items"] is null
            select found.At;

        Assert.That(broken, Is.Empty);
    }

    [TestCaseSource(nameof(Groups))]
    public void References_Anywhere_LeadToASchema(string api)
    {
        var document = new OpenApiFile(api);
        var references = Nodes(document.Json, "#").Select(static found => (string?)found.Node["$ref"]).OfType<string>().ToArray();

        Assert.That(references, Is.Not.Empty);
        Assert.That(
            references.Where(reference => !document.Schemas.ContainsKey(reference.Split('/')[^1])
                || !reference.StartsWith("#/components/schemas/", StringComparison.Ordinal)),
            Is.Empty);
    }

    [TestCaseSource(nameof(Groups))]
    public void Examples_Anywhere_KeepTheirSchemas(string api)
    {
        var document = new OpenApiFile(api);
        var deviations =
            from schema in document.Schemas
            where schema.Value!["example"] is not null
            from deviation in document.Deviations(schema.Value!["example"], schema.Value!, schema.Key)
            select deviation;
        var others =
            from found in Nodes(document.Json["paths"]!, "#/paths")
            where found.Node.ContainsKey("example")
            let schema = found.Node["schema"] ?? found.Node
            from deviation in document.Deviations(found.Node["example"], schema, found.At)
            select deviation;

        Assert.That(deviations.Concat(others), Is.Empty);
    }

    /// <summary>A failure is shown where it can happen: no publish fails because a stream could not be read.</summary>
    [TestCaseSource(nameof(Groups))]
    public void Examples_OfFailures_BelongToTheirOperation(string api)
    {
        var messages = new OpenApiFile(api).Operations.SelectMany(static operation => operation.Responses
            .Where(static response => response.Key[0] is '4' or '5')
            .Select(response => $"{operation.Json["operationId"]} {response.Key}: "
                + $"{response.Value["content"]!["application/json"]!["example"]!["error"]!["message"]}")).ToArray();

        string[] expected = api is "management"
            ?
            [
                "DefineStream 409: Failed to create stream orders",
                "GetStream 404: Failed to read stream orders",
                "DeleteConsumer 404: Failed to delete consumer billing of stream orders",
                "PauseConsumer 501: Failed to pause consumer billing of stream orders",
            ]
            :
            [
                "PublishMessage 404: Unable to publish message to orders.new",
                "Subscribe 404: Consumer billing of stream orders not found",
                "Subscribe 409: Consumer billing of stream orders is already bound to a subscription",
                "AcknowledgeMessage 404: Unable to acknowledge message 17 of stream orders for consumer billing",
            ];
        Assert.That(expected, Is.SubsetOf(messages));
    }

    /// <summary>Both documents can be made one: no name has two meanings.</summary>
    [Test]
    public void Documents_Together_HaveNoNameTwice()
    {
        var (management, dataplane) = (new OpenApiFile("management"), new OpenApiFile("dataplane"));
        var ids = management.Operations.Concat(dataplane.Operations).Select(static operation => (string)operation.Json["operationId"]!);
        var paths = management.Operations.Concat(dataplane.Operations).Select(static operation => $"{operation}");
        var differing = management.Schemas.Where(schema =>
            dataplane.Schemas[schema.Key] is { } other && !JsonNode.DeepEquals(schema.Value, other));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ids, Is.Unique);
            Assert.That(paths, Is.Unique);
            Assert.That(differing.Select(static schema => schema.Key), Is.Empty);
        }
    }

    /// <summary>A body of lines is a text, of which a client sends and reads as it likes; the schema is that of a line.</summary>
    [Test]
    public void Bodies_OfLines_AreTextsWithTheSchemaOfALine()
    {
        var bodies =
            from operation in new OpenApiFile("dataplane").Operations
            from content in operation.Responses.Select(static response => response.Value["content"])
                .Append(operation.Json["requestBody"]?["content"])
            from type in content as JsonObject ?? []
            where type.Key is "application/x-ndjson" or "text/event-stream"
            select ((string?)operation.Json["operationId"], type.Key, Type: (string?)type.Value!["schema"]!["type"],
                IsText: type.Value!["example"]!.GetValueKind() is System.Text.Json.JsonValueKind.String);

        Assert.That(bodies.Count(), Is.GreaterThan(5));
        Assert.That(bodies.Where(static body => body.Type is not "string" || !body.IsText), Is.Empty);
    }

    private static bool IsNoChoice(JsonNode? schemas) => schemas is JsonArray choice
        && choice.Select(static one => one!.ToJsonString()).Distinct(StringComparer.Ordinal).Count() is var different
        && (different < 2 || different < choice.Count);

    private static IEnumerable<(string At, JsonObject Node)> Nodes(JsonNode? node, string at) => node switch
    {
        JsonObject item => item.SelectMany(entry => entry.Key is "example" ? [] : Nodes(entry.Value, $"{at}/{entry.Key}"))
            .Prepend((at, item)),
        JsonArray items => items.SelectMany((item, index) => Nodes(item, $"{at}/{index}")),
        _ => [],
    };
}
