using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>Publishing while NATS is not there: 503 whatever was asked for, and never that a server is too old.</summary>
internal sealed class PublishWithoutNatsTests
{
    private const string Event = """{"specversion":"1.0","id":"1","source":"s","type":"t"}""";

    private Gateway _gateway = null!;
    private GatewayClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _gateway = await Gateway.StartAsync("nats://127.0.0.1:1");
        _client = _gateway.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
    }

    [TestCase("subject/a?encoding=raw", "x", "Httpmq-Header-A", "b")]
    [TestCase("subject/a", "aGk=", "Nats-TTL", "1h")]
    [TestCase("subject/a", "", "Nats-Incr", "1")]
    [TestCase("subject/a", Event, "Content-Type", "application/cloudevents+json")]
    [TestCase("publish?atomic=true", """{"subject":"a","msg":"x"}""", "Accept", "*/*")]
    public async Task Publish_OfAnyKind_Is503AndNothingIsStored(string path, string body, string header, string value)
    {
        using var content = Content(body, header, value);

        var answer = await _client.DataAsync(HttpMethod.Post, $"/v1/data/{path}", content);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), answer.ToString());
            Assert.That((string)answer.Body["error"]!["type"]!, Is.EqualTo("nats-unavailable"));
        }
    }

    [Test]
    public async Task Publish_ABatchOfEvents_TellsOfEach()
    {
        using var content = Content($"[{Event},{{}}]", "Content-Type", "application/cloudevents-batch+json");

        var answer = await _client.DataAsync(HttpMethod.Post, "/v1/data/subject/a", content);

        var codes = answer.Body["results"]!.AsArray().Select(static one => (int)one!["error"]!["code"]!);
        Assert.That(codes, Is.EqualTo(new[] { 503, 400 }), answer.ToString());
    }

    [Test]
    public async Task Publish_RecordsOfABatch_FailAlone()
    {
        using var content = new StringContent("""{"subject":"a","msg":"x","ttl":"1h"}""" + "\n" + """{"subject":"a","json":1}""");

        var (_, text) = await _client.SendRawAsync(HttpMethod.Post, "/v1/data/publish", content);

        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonNode.Parse(line)!);
        var codes = lines.Select(static line => (int)line["error"]!["code"]!);
        Assert.That(codes, Is.EqualTo(new[] { 503, 503 }));
    }

    private static ByteArrayContent Content(string body, string header, string value)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation(header, value);
        return content;
    }
}
