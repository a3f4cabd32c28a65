using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Reading;

/// <summary>CloudEvents that were published in any mode, and are read back in the structured and the binary one.</summary>
internal sealed class CloudEventTests() : ContractTest("2.0")
{
    private const string Structured = "Accept: application/cloudevents+json";

    private string _subject = null!;

    [SetUp]
    public Task DefineAsync()
    {
        _subject = SharedServers.NewName();
        return Client.DefineStreamAsync(_subject, _subject);
    }

    [TestCase("""{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"total":7}}""", "data", """{"total":7}""")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/plain","data":"hé"}""", "data", "\"hé\"")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/s","type":"t","data_base64":"/wA="}""", "data_base64", "\"/wA=\"")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/s","type":"t"}""", null, null)]
    [TestCase("""{"specversion":"1.0","id":"ü \"%\"","source":"/s","type":"t","extension":"a b"}""", null, null)]
    public async Task Read_StructuredEvent_IsWhatWasPublished(string published, string? member, string? data)
    {
        await PublishAsync(published, "Content-Type: application/cloudevents+json");

        var read = await DataAsync("GET", $"/v1/data/subject/{_subject}", headers: Structured);

        Assert.That(read.Header("Content-Type"), Is.EqualTo("application/cloudevents+json"));
        var (expected, json) = (JsonNode.Parse(published)!.AsObject(), JsonNode.Parse(read.Text)!.AsObject());
        foreach (var (name, value) in expected)
        {
            Assert.That(json[name]?.ToJsonString(), Is.EqualTo(value!.ToJsonString()), name);
        }

        if (member is not null)
        {
            Assert.That(JsonNode.DeepEquals(json[member], JsonNode.Parse(data!)), Is.True, read.Text);
        }
    }

    [Test]
    public async Task Read_BinaryEvent_IsTheSameInBothModes()
    {
        await PublishAsync(
            "{\"total\":7}",
            "Content-Type: application/json & ce-specversion: 1.0 & ce-id: 1 & ce-source: /s & ce-type: t",
            "?encoding=raw");

        var structured = await DataAsync("GET", $"/v1/data/stream/{_subject}/message/1", headers: Structured);
        using var binary = await OpenAsync(
            Gateway.Dataplane, "GET", $"/v1/data/subject/{_subject}", body: null, "Accept: application/octet-stream");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(JsonNode.Parse(structured.Text)!["data"]!.ToJsonString(), Is.EqualTo("{\"total\":7}"));
            Assert.That(await binary.Content.ReadAsStringAsync(), Is.EqualTo("{\"total\":7}"));
            Assert.That(binary.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/json"));
            Assert.That(binary.Headers.GetValues("ce-type").Single(), Is.EqualTo("t"));
        }
    }

    [Test]
    public async Task Read_AsABatch_IsAnArrayOfOne()
    {
        await PublishAsync("""{"specversion":"1.0","id":"1","source":"/s","type":"t"}""", "Content-Type: application/cloudevents+json");

        var read = await DataAsync(
            "GET", $"/v1/data/subject/{_subject}", headers: "Accept: application/cloudevents-batch+json");

        Assert.That(read.Header("Content-Type"), Is.EqualTo("application/cloudevents-batch+json"));
        Assert.That(JsonNode.Parse(read.Text)!.AsArray().Select(static one => (string)one!["id"]!), Is.EqualTo(new[] { "1" }));
    }

    [Test]
    public async Task Read_MessageThatIsNoEvent_BecomesOne()
    {
        await Client.PublishAsync(_subject, "hello");

        var read = await DataAsync("GET", $"/v1/data/subject/{_subject}", headers: Structured);

        var json = JsonNode.Parse(read.Text)!;
        var source = $"/v1/data/stream/{_subject}";
        using (Assert.EnterMultipleScope())
        {
            Assert.That(read.Header("Content-Type"), Is.EqualTo("application/cloudevents+json"));
            Assert.That(
                new[] { "specversion", "id", "source", "type", "subject", "data_base64" }.Select(name => (string?)json[name]),
                Is.EqualTo(new[] { "1.0", "1", source, "httpmq.message", _subject, "aGVsbG8=" }));
        }
    }

    [Test]
    public async Task Read_AttributesThatHttpDoesNotTake_DisturbNoAnswer()
    {
        // Client libraries refuse such names; the server takes them.
        const string Headers = "NATS/1.0\r\nce-specversion: 1.0\r\nce-type: t\u00e9\r\nce-a b: 1\r\nce-\u00e9: 2\r\n\r\n";
        var length = Encoding.UTF8.GetByteCount(Headers);
        var server = new Uri(SharedServers.Nats.Url);
        using var socket = new TcpClient(server.Host, server.Port);
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"CONNECT {{\"headers\":true,\"verbose\":false}}\r\nHPUB {_subject} {length} {length + 1}\r\n{Headers}x\r\n"));

        var path = $"/v1/data/subject/{_subject}";
        await Eventually.HoldsAsync(async () => (await DataAsync("GET", path)).Status == 200, "the message");
        var bytes = await DataAsync("GET", path, headers: "Accept: application/octet-stream");
        var structured = await DataAsync("GET", path, headers: Structured);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(bytes.Header("ce-specversion"), Is.EqualTo("1.0"));
            Assert.That((string)JsonNode.Parse(structured.Text)!["type"]!, Is.EqualTo("t\u00e9"));
        }
    }

    private async Task PublishAsync(string body, string headers, string query = "") =>
        (await DataAsync("POST", $"/v1/data/subject/{_subject}{query}", body, headers)).Expect(200);
}
