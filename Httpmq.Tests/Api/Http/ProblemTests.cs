using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Api.Errors;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Http;

/// <summary>Errors as problem details (RFC 9457), for those who ask for them.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class ProblemTests(string version) : ContractTest(version)
{
    [TestCase("application/problem+json", ExpectedResult = "application/problem+json")]
    [TestCase("application/json, application/problem+json", ExpectedResult = "application/problem+json")]
    [TestCase("application/json;q=0.5, application/problem+json;q=0.9", ExpectedResult = "application/problem+json")]
    [TestCase("application/json, application/problem+json;q=0.9", ExpectedResult = "application/json")]
    [TestCase("application/problem+json;q=0", ExpectedResult = "application/json")]
    [TestCase("application/json", ExpectedResult = "application/json")]
    [TestCase("*/*", ExpectedResult = "application/json")]
    [TestCase("", ExpectedResult = "application/json")]
    public async Task<string?> Failure_ByAccept_HasTheTypeAskedFor(string accept)
    {
        using var answer = await GetAsync("/v1/admin/stream/nowhere", accept);
        return answer.Content.Headers.ContentType?.ToString();
    }

    [TestCase("GET", "/v1/admin/stream/nowhere")]
    [TestCase("GET", "/v1/nothing")]
    [TestCase("PATCH", "/v1/admin/stream")]
    [TestCase("POST", "/v1/admin/stream")]
    public async Task Failure_OfAnyKind_SaysThatItGoesByAccept(string method, string path)
    {
        using var answer = await OpenAsync(Gateway.Management, method, path, new ByteArrayContent("{"u8.ToArray()));
        Assert.That((int)answer.StatusCode, Is.GreaterThanOrEqualTo(400));
        Assert.That(answer.Headers.Vary, Is.EqualTo(new[] { "Accept" }));
    }

    [Test]
    public async Task Failure_OfJetStream_IsAProblemWithItsCode()
    {
        var problem = await ProblemAsync("/v1/admin/stream/nowhere", HttpStatusCode.NotFound);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((string?)problem["type"], Is.EqualTo("/errors/stream-not-found"));
            Assert.That((string?)problem["title"], Is.EqualTo("Failed to read stream nowhere"));
            Assert.That((int?)problem["status"], Is.EqualTo(404));
            Assert.That((string?)problem["detail"], Does.Contain("stream not found"));
            Assert.That((string?)problem["instance"], Is.EqualTo("/v1/admin/stream/nowhere"));
            Assert.That((string?)problem["request_id"], Is.Not.Empty);
            Assert.That((int?)problem["nats_err_code"], Is.EqualTo(10059));
            Assert.That((string?)problem["stream"], Is.EqualTo("nowhere"));
            Assert.That(problem.AsObject().ContainsKey("success"), Is.False);
        }
    }

    /// <summary>Of the route, of a name in the path, and of JetStream.</summary>
    [TestCase("/v1/admin/nothing", 404, "route-not-found")]
    [TestCase("/v1/admin/stream/a*b", 400, "invalid-stream-name")]
    [TestCase("/v1/admin/stream?strict=true&x=1", 400, "unknown-name")]
    public async Task Failure_BeforeJetStreamIsAsked_IsAProblemToo(string path, int status, string type)
    {
        var problem = await ProblemAsync(path, (HttpStatusCode)status);
        Assert.That((string?)problem["type"], Is.EqualTo($"/errors/{type}"), $"{problem}");
    }

    [Test]
    public async Task Success_ProblemsAccepted_IsPlainJson()
    {
        using var answer = await GetAsync("/v1/admin/stream", "application/problem+json");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/json"));
    }

    [Test]
    public async Task Pages_OfEachType_AreServedByBothApis()
    {
        foreach (var type in ErrorTypeTests.Catalogue)
        {
            Assert.That(ErrorPages.Find(type.Slug)?.ToMarkdown(), Does.StartWith($"# {type.Slug}\n").And.Contain("- What to do: "));
            Assert.That(ErrorPages.List(), Does.Contain($" {type.Slug}: "));
        }

        foreach (var api in new[] { Gateway.Management, Gateway.Dataplane })
        {
            using var page = await OpenAsync(api, "GET", "/errors/stream-not-found", body: null);
            Assert.That(await page.Content.ReadAsStringAsync(), Does.StartWith("# stream-not-found\n"));
            Assert.That(page.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/markdown"));
        }
    }

    [TestCase("/errors", "<h1>Errors</h1>")]
    [TestCase("/errors/", "<h1>Errors</h1>")]
    [TestCase("/errors/unknown-name", "<h1>unknown-name</h1>")]
    public async Task Pages_ForABrowser_AreHtml(string path, string expected)
    {
        using var answer = await GetAsync(path, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
        var page = await answer.Content.ReadAsStringAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Content.Headers.ContentType?.ToString(), Is.EqualTo("text/html; charset=utf-8"));
            Assert.That(page, Does.StartWith("<!DOCTYPE html>").And.Contain(expected));
            Assert.That(page, Does.Contain("<code>detail</code>").Or.Contain("<a href=\"/errors/unknown-name\">"));
        }
    }

    [TestCase("/errors/nothing")]
    [TestCase("/errors/stream-not-found/x")]
    public async Task Pages_OfWhatIsNoType_Are404(string path)
    {
        using var answer = await GetAsync(path, "");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    private async Task<JsonNode> ProblemAsync(string path, HttpStatusCode status)
    {
        using var answer = await GetAsync(path, "application/problem+json");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(status), text);
        Assert.That(answer.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/problem+json"), text);
        Assert.That(answer.Content.Headers.ContentLength, Is.EqualTo(System.Text.Encoding.UTF8.GetByteCount(text)));
        return JsonNode.Parse(text)!;
    }

    private Task<HttpResponseMessage> GetAsync(string path, string accept) =>
        OpenAsync(Gateway.Management, "GET", path, body: null, accept.Length > 0 ? $"Accept: {accept}" : null);
}
