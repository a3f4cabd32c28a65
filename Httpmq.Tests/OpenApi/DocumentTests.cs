using System.Text.Json.Nodes;
using Httpmq.Api.Hosting;
using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;

namespace Httpmq.Tests.OpenApi;

/// <summary>The committed documents: current, whole, and with a word about everything.</summary>
[TestFixture("management")]
[TestFixture("dataplane")]
internal sealed class DocumentTests(string group)
{
    private static readonly Dictionary<string, string[]> Routes = new(StringComparer.Ordinal)
    {
        ["management"] =
        [
            "GET /v1/admin/alive ManagementAlive",
            "GET /v1/admin/ready ManagementReady",
            "GET /v1/admin/info GetInfo",
            "GET /v1/admin/stream ListStreams",
            "POST /v1/admin/stream DefineStream",
            "GET /v1/admin/stream/{stream} GetStream",
            "PUT /v1/admin/stream/{stream} ReplaceStream",
            "DELETE /v1/admin/stream/{stream} DeleteStream",
            "PUT /v1/admin/stream/{stream}/subject ChangeStreamSubjects",
            "GET /v1/admin/stream/{stream}/subject ListStreamSubjects",
            "POST /v1/admin/stream/{stream}/purge PurgeStream",
            "GET /v1/admin/stream/{stream}/message/{sequence} GetStreamMessage",
            "DELETE /v1/admin/stream/{stream}/message/{sequence} DeleteStreamMessage",
            "PUT /v1/admin/stream/{stream}/limit ChangeStreamLimits",
            "GET /v1/admin/stream/{stream}/consumer ListConsumers",
            "POST /v1/admin/stream/{stream}/consumer DefineConsumer",
            "GET /v1/admin/stream/{stream}/consumer/{consumer} GetConsumer",
            "PUT /v1/admin/stream/{stream}/consumer/{consumer} ReplaceConsumer",
            "DELETE /v1/admin/stream/{stream}/consumer/{consumer} DeleteConsumer",
            "POST /v1/admin/stream/{stream}/consumer/{consumer}/pause PauseConsumer",
            "POST /v1/admin/stream/{stream}/consumer/{consumer}/resume ResumeConsumer",
            "POST /v1/admin/stream/{stream}/consumer/{consumer}/reset ResetConsumer",
            "POST /v1/admin/stream/{stream}/consumer/{consumer}/unpin UnpinConsumer",
        ],
        ["dataplane"] =
        [
            "GET /v1/data/alive DataplaneAlive",
            "GET /v1/data/ready DataplaneReady",
            "POST /v1/data/subject/{subject} PublishMessage",
            "POST /v1/data/publish PublishBatch",
            "GET /v1/data/stream/{stream}/consumer/{consumer} Subscribe",
            "POST /v1/data/stream/{stream}/consumer/{consumer}/ack AcknowledgeMessage",
            "POST /v1/data/stream/{stream}/consumer/{consumer}/settle SettleMessages",
            "POST /v1/data/stream/{stream}/consumer/{consumer}/pull PullMessages",
            "POST /v1/data/stream/{stream}/consumer/{consumer}/duplex SubscribeDuplex",
            "GET /v1/data/stream/{stream}/message/{sequence} ReadMessage",
            "GET /v1/data/subject/{subject} ReadLastMessage",
            "GET /v1/data/stream/{stream}/message Replay",
        ],
    };

    private readonly OpenApiFile _document = new(group);

    [Test]
    public async Task Document_Committed_IsCurrent()
    {
        var current = await OpenApiCommand.GenerateAsync(
            string.Equals(group, "management", StringComparison.Ordinal) ? ApiGroup.Management : ApiGroup.Dataplane);

        var committed = Repository.Read($"docs/openapi/{group}.json");

        Assert.That(committed.TrimEnd(), Is.EqualTo(current), "run `make client` and commit the result");
    }

    [Test]
    public void Document_Routes_AreThoseOfItsGroup()
    {
        var described = _document.Operations.Select(operation => $"{operation} {operation.Json["operationId"]}");

        Assert.That(described, Is.EquivalentTo(Routes[group]));
    }

    [Test]
    public void Document_Everything_HasADescription()
    {
        var operations = _document.Operations.SelectMany(UndescribedIn);
        var schemas = _document.Schemas.SelectMany(schema => UndescribedIn(schema.Key, (JsonObject)schema.Value!));

        Assert.That(operations.Concat(schemas), Is.Empty);
    }

    [Test]
    public void Document_EveryFailure_HasTheFailureBodyWithItsStatus()
    {
        var failures =
            from operation in _document.Operations
            from response in operation.Responses
            where response.Key[0] is not ('2' or '3')
            let json = response.Value["content"]!["application/json"]!
            let expected = string.Equals(response.Key, "default", StringComparison.Ordinal) ? "500" : response.Key
            select (operation, response, Schema: (string)json["schema"]!["$ref"]!,
                Code: json["example"]!["error"]!["code"]!.ToString(), expected);

        Assert.That(failures, Is.Not.Empty);
        Assert.That(
            failures.Where(failure => !failure.Schema.EndsWith("/FailureAnswer", StringComparison.Ordinal)
                || !string.Equals(failure.Code, failure.expected, StringComparison.Ordinal)
                || failure.response.Value["headers"]!["Retry-After"] is null != (failure.response.Key is not ("503" or "429"))),
            Is.Empty);
    }

    [Test]
    public void Document_EveryAnswer_HasTheRequestId()
    {
        var without =
            from operation in _document.Operations
            where !operation.Parameters.Any(parameter => (string)parameter["name"]! is "Httpmq-Request-ID")
                || operation.Responses.Any(response => response.Value["headers"]?["Httpmq-Request-ID"] is null)
            select operation;

        Assert.That(without, Is.Empty);
    }

    private static IEnumerable<string> UndescribedIn(DocumentedOperation operation)
    {
        if (!HasText(operation.Json, "summary") || !HasText(operation.Json) || operation.Json["tags"] is not JsonArray { Count: 1 })
        {
            yield return $"{operation}";
        }

        if (operation.Json["requestBody"] is JsonObject body && !HasText(body))
        {
            yield return $"{operation}: body";
        }

        foreach (var parameter in operation.Parameters.Where(parameter => !HasText(parameter)))
        {
            yield return $"{operation}: {parameter["name"]}";
        }

        foreach (var (status, response) in operation.Responses)
        {
            var headers = (response["headers"] as JsonObject ?? []).Select(header => (header.Key, Value: (JsonObject)header.Value!));
            var undescribed = headers.Where(header => !HasText(header.Value)).Select(header => header.Key);
            foreach (var part in HasText(response) ? undescribed : undescribed.Prepend("text"))
            {
                yield return $"{operation}: {status} {part}";
            }
        }
    }

    private static IEnumerable<string> UndescribedIn(string name, JsonObject schema)
    {
        var own = schema["allOf"] is JsonArray parts ? (JsonObject)parts[1]! : schema;
        return (own["properties"] as JsonObject ?? [])
            .Where(property => !HasText((JsonObject)property.Value!))
            .Select(property => $"{name}.{property.Key}")
            .Concat(HasText(schema) ? [] : [name]);
    }

    private static bool HasText(JsonObject part, string key = "description") => !string.IsNullOrWhiteSpace((string?)part[key]);
}
