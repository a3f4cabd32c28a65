using System.Text.Json.Nodes;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Pulling;

/// <summary>A pull whose client asks for CloudEvents: in an array of them, or one with its attributes in headers.</summary>
internal sealed class PulledCloudEventTests() : ContractTest("2.0")
{
    private const string Batch = "application/cloudevents-batch+json";

    private string _stream = null!;

    private string Consumer => $"/v1/data/stream/{_stream}/consumer/c";

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, _stream);
        await Client.DefineConsumerAsync(_stream, "c", new JsonObject { ["mode"] = "pull", ["ack_wait"] = "60s" });
    }

    [Test]
    public async Task Pull_Batch_IsAnArrayOfEventsThatAreSettledByTheirTokens()
    {
        await PublishEventAsync("""{"specversion":"1.0","id":"e1","source":"/s","type":"t","httpmqtoken":"forged","data":{"total":7}}""");
        await Client.PublishAsync(_stream, "hello");

        var answer = await DataAsync("POST", $"{Consumer}/pull", """{"batch":10,"expires":"1s"}""", $"Accept: {Batch}");

        var events = JsonNode.Parse(answer.Text)!.AsArray();
        var tokens = events.Select(static one => (string)one!["httpmqtoken"]!).ToList();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Header("Content-Type"), Is.EqualTo(Batch));
            Assert.That(answer.Header("Cache-Control"), Is.EqualTo("no-store"));
            Assert.That(events.Select(static one => (string)one!["id"]!), Is.EqualTo(new[] { "e1", "2" }));
            Assert.That(events.Select(static one => (string)one!["type"]!), Is.EqualTo(new[] { "t", "httpmq.message" }));
            Assert.That(events[0]!["data"]!.ToJsonString(), Is.EqualTo("{\"total\":7}"));
            Assert.That((string)events[1]!["data_base64"]!, Is.EqualTo("aGVsbG8="));
            Assert.That(events.Select(static one => (string)one!["httpmqdeliveries"]!), Is.All.EqualTo("1"));
        }

        var entries = tokens.Select(static token => new JsonObject { ["token"] = token });
        var body = new JsonObject { ["ack"] = new JsonArray([.. entries]) }.ToJsonString();
        var settled = await DataAsync("POST", $"{Consumer}/settle", body);
        Assert.That((int)settled.Json["settled"]!, Is.EqualTo(2), settled.Text);
    }

    [TestCase(Batch, Batch, ExpectedResult = "[]")]
    [TestCase("application/json;q=0.5, application/cloudevents-batch+json", Batch, ExpectedResult = "[]")]
    [TestCase("application/json, application/cloudevents-batch+json;q=0.5", "application/json", ExpectedResult = null)]
    [TestCase("application/cloudevents-batch+json;q=0", "application/json", ExpectedResult = null)]
    public async Task<string?> Pull_OfNothing_IsInTheFormThatIsPreferred(string accept, string type)
    {
        var answer = await DataAsync("POST", $"{Consumer}/pull", """{"no_wait":true}""", $"Accept: {accept}");
        Assert.That((answer.Status, answer.Header("Content-Type")), Is.EqualTo((200, type)));
        return type is Batch ? answer.Text : null;
    }

    [Test]
    public async Task Pull_OneAsAnEvent_HasItsTokenAndNoArray()
    {
        const string Structured = "Accept: application/cloudevents+json";
        await PublishEventAsync("""{"specversion":"1.0","id":"e1","source":"/s","type":"t","data":{"total":7}}""");

        var several = (await DataAsync("POST", $"{Consumer}/pull", """{"batch":2}""", Structured)).Expect(400);
        var answer = await DataAsync("POST", $"{Consumer}/pull", """{"batch":1}""", Structured);
        var none = await DataAsync("POST", $"{Consumer}/pull", """{"no_wait":true}""", Structured);

        var json = JsonNode.Parse(answer.Text)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(several.Detail, Is.EqualTo("batch: 2 messages are no answer of one CloudEvent, which has 1"));
            Assert.That((answer.Status, answer.Header("Content-Type")), Is.EqualTo((200, "application/cloudevents+json")));
            Assert.That((string?)json["id"], Is.EqualTo("e1"));
            Assert.That((string?)json["httpmqtoken"], Is.Not.Null);
            Assert.That((none.Status, none.Text, none.Header("Content-Type")), Is.EqualTo((204, string.Empty, (string?)null)));
        }
    }

    [Test]
    public async Task Pull_BytesOfAnEvent_HaveItsAttributesInHeaders()
    {
        await PublishEventAsync("""{"specversion":"1.0","id":"e1","source":"/s","type":"t","data":{"total":7}}""");

        using var response = await OpenAsync(
            Gateway.Dataplane, "POST", $"{Consumer}/pull", new ByteArrayContent([]), "Accept: application/octet-stream");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("{\"total\":7}"));
            Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/json"));
            Assert.That(response.Headers.GetValues("ce-id").Single(), Is.EqualTo("e1"));
            Assert.That(response.Headers.GetValues("Httpmq-Token").Single(), Is.Not.Empty);
        }
    }

    private async Task PublishEventAsync(string json) =>
        (await DataAsync("POST", $"/v1/data/subject/{_stream}", json, "Content-Type: application/cloudevents+json")).Expect(200);
}
