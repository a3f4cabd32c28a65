using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.OpenApi;

/// <summary>What a port serves beside its API: the document, and Swagger UI.</summary>
[Category(ServerUnderTest.Category)]
internal sealed partial class ServedDocumentTests
{
    private static readonly string[] Groups = ["management", "dataplane"];

    private readonly HttpClient _http = new();

    [OneTimeTearDown]
    public void Disconnect() => _http.Dispose();

    [TestCaseSource(nameof(Groups))]
    public async Task SwaggerUi_OnEachPort_ShowsThatPortsDocument(string group)
    {
        await AssertServedAsync(BaseOf(SharedServers.Gateway, group), group, server: "/");
    }

    [TestCaseSource(nameof(Groups))]
    public async Task SwaggerUi_UnderAPathPrefix_ShowsThatPortsDocument(string group)
    {
        await using var gateway = await Gateway.StartAsync(SharedServers.Nats.Url, settings => settings with { PathPrefix = "/mq/eu" });
        var root = BaseOf(gateway, group);

        await AssertServedAsync(new Uri($"{root}mq/eu/"), group, server: "/mq/eu");

        var outside = await _http.GetAsync(new Uri(root, "swagger/index.html"));
        Assert.That(outside.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Document_OtherHostHeader_IsTheSame()
    {
        var uri = new Uri(SharedServers.Gateway.Dataplane, "swagger/v1/swagger.json");
        using var request = new HttpRequestMessage(HttpMethod.Get, uri) { Headers = { Host = "localhost:1" } };

        var other = await (await _http.SendAsync(request)).Content.ReadAsStringAsync();

        Assert.That(other, Is.EqualTo(await _http.GetStringAsync(uri)));
    }

    /// <summary>What Swagger UI is told to show.</summary>
    [GeneratedRegex("var urls = (?<json>.*);", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Urls();

    private static Uri BaseOf(Gateway gateway, string group) => group is "management" ? gateway.Management : gateway.Dataplane;

    private async Task AssertServedAsync(Uri root, string group, string server)
    {
        var page = await _http.GetAsync(new Uri(root, "swagger"));
        var address = page.RequestMessage!.RequestUri!;
        var html = await page.Content.ReadAsStringAsync();
        var script = await _http.GetAsync(new Uri(address, "swagger-ui-bundle.js"));
        var document = (string)JsonNode.Parse(Urls().Match(html).Groups["json"].Value)![0]!["url"]!;
        var served = JsonNode.Parse(await _http.GetStringAsync(new Uri(root, document)))!;
        var committed = JsonNode.Parse(Repository.Read($"docs/openapi/{group}.json"))!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(page.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(html, Does.Contain("SwaggerUIBundle").And.Contain("text/event-stream"));
            Assert.That(script.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That((string)served["servers"]![0]!["url"]!, Is.EqualTo(server));
            Assert.That(served["paths"]!.ToJsonString(), Is.EqualTo(committed["paths"]!.ToJsonString()));
        }
    }
}
