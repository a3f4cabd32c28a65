using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Publishing;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>CloudEvents 1.0 as they come over HTTP, in each of the three modes, and what is stored of them.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class CloudEventTests(string version) : ContractTest(version)
{
    private const string Binary = "ce-specversion: 1.0 & ce-id: e-1 & ce-source: /shop & ce-type: order.new";
    private const string Structured = "Content-Type: application/cloudevents+json; charset=utf-8";
    private const string Batched = "Content-Type: application/cloudevents-batch+json";

    private RawJetStream _raw = null!;
    private string _stream = null!;

    [OneTimeSetUp]
    public void ConnectRaw() => _raw = new RawJetStream(SharedServers.Nats.Url);

    [OneTimeTearDown]
    public async Task DisconnectRawAsync() => await _raw.DisposeAsync();

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await _raw.CreateStreamAsync(_stream, [_stream]);
    }

    [Test]
    public async Task Binary_Event_IsStoredWithItsAttributesAndItsBytes()
    {
        (await PublishAsync(
            "{\"a\": 1}", $"{Binary} & CE-Extension: x%20y & Content-Type: application/json & Httpmq-Header-A: b")).Expect(200);
        var again = (await PublishAsync("{}", Binary)).Expect(200);

        var (data, headers) = await StoredAsync(1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(data, Is.EqualTo("{\"a\": 1}"));
            Assert.That(headers, Is.EquivalentTo(new[]
            {
                "ce-specversion: 1.0", "ce-id: e-1", "ce-source: /shop", "ce-type: order.new", "ce-extension: x%20y",
                "ce-datacontenttype: application/json", "A: b", "Nats-Msg-Id: e-1",
            }));
            Assert.That((bool?)again.Json["duplicate"], Is.True);
        }
    }

    [Test]
    public async Task Binary_WithoutData_IsStoredEmptyAndAnExplicitKeyWins()
    {
        (await PublishAsync(string.Empty, Binary + " & Idempotency-Key: own")).Expect(200);

        var (data, headers) = await StoredAsync(1);
        Assert.That(data, Is.Empty);
        Assert.That(headers, Does.Contain("Nats-Msg-Id: own").And.Not.Contain("Nats-Msg-Id: e-1"));
    }

    [TestCase("ce-specversion: 0.3 & ce-id: 1 & ce-source: s & ce-type: t", "specversion: '0.3' is not 1.0")]
    [TestCase("ce-specversion: 1.0 & ce-id: 1 & ce-source: s", "type is required")]
    [TestCase("ce-specversion: 1.0 & ce-id:  & ce-source: s & ce-type: t", "id is required")]
    [TestCase(Binary + " & ce-data: x", "ce-data: no name of an attribute")]
    [TestCase(Binary + " & ce-data_base64: eA==", "ce-data_base64: no name of an attribute")]
    [TestCase(Binary + " & ce-Ext_1: x", "ce-ext_1: no name of an attribute")]
    [TestCase(Binary + " & ce-: x", "ce-: no name of an attribute")]
    [TestCase(Binary + " & ce-time: yesterday", "time: 'yesterday' is not a time of RFC 3339")]
    [TestCase(Binary + " & ce-time: 2026-02-30T10:00:00Z", "is not a time of RFC 3339")]
    [TestCase(Binary + " & ce-time: 2026-02-03T10:00:00", "is not a time of RFC 3339")]
    public async Task Binary_ThatIsNoEvent_Is400(string headers, string detail)
    {
        (await PublishAsync("x", headers)).Expect(400, detail);
        Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
    }

    [TestCase("2026-02-03T10:00:00Z")]
    [TestCase("1937-01-01t12:00:27.123456789123+00:20")]
    [TestCase("1990-12-31T15:59:60-08:00")]
    [TestCase("2026-02-03T10%3A00%3A00Z")]
    public async Task Binary_WithATime_IsStored(string time)
    {
        (await PublishAsync("x", $"{Binary} & ce-time: {time}")).Expect(200);
        Assert.That((await StoredAsync(1)).Headers, Does.Contain($"ce-time: {time}"));
    }

    [Test]
    public async Task Binary_WithTwoTypesOfItsData_HasThatOfTheRequest()
    {
        (await PublishAsync("x", Binary + " & ce-datacontenttype: text/xml & Content-Type: text/plain")).Expect(200);
        (await PublishAsync("x", "Content-Type: text/plain & ce-datacontenttype: text/xml & Idempotency-Key: 2 & " + Binary)).Expect(200);

        foreach (var sequence in new ulong[] { 1, 2 })
        {
            var headers = (await StoredAsync(sequence)).Headers;
            Assert.That(
                headers.Where(static header => header.StartsWith("ce-datacontenttype", StringComparison.Ordinal)),
                Is.EqualTo(new[] { "ce-datacontenttype: text/plain" }));
        }
    }

    [Test]
    public async Task Binary_WithoutASpecVersion_IsAMessageLikeAnyOther()
    {
        (await PublishAsync("aGk=", "ce-id: 1")).Expect(200);
        Assert.That(await StoredAsync(1), Is.EqualTo(("hi", Array.Empty<string>())));
    }

    [TestCase(""" "data":{"a" : 1.0} """, """{"a" : 1.0}""", "application/json")]
    [TestCase(""" "data":"text" """, "\"text\"", "application/json")]
    [TestCase(""" "data":"t\u00e9xt","datacontenttype":"text/plain" """, "téxt", "text/plain")]
    [TestCase(""" "data":null """, "null", "application/json")]
    [TestCase(""" "data_base64":"aGk=","datacontenttype":"image/png" """, "hi", "image/png")]
    [TestCase(""" "subject":null """, "", null)]
    public async Task Structured_Event_IsStoredAsABinaryOne(string members, string data, string? type)
    {
        (await PublishAsync(Event("e-1", members), Structured)).Expect(200);

        var stored = await StoredAsync(1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(stored.Data, Is.EqualTo(data));
            Assert.That(
                stored.Headers, Does.Contain("ce-id: e-1").And.Contain("ce-number: 7").And.Contain("ce-text: a%20%22b%22%20%C3%A9"));
            Assert.That(stored.Headers, Does.Contain("Nats-Msg-Id: e-1"));
            Assert.That(stored.Headers.Where(static header => header.StartsWith("ce-datacontenttype", StringComparison.Ordinal)),
                Is.EqualTo(type is null ? [] : new[] { $"ce-datacontenttype: {type}" }));
        }
    }

    [TestCase("[]", "it is not a JSON object")]
    [TestCase("{", "ends too early")]
    [TestCase("", "the body is empty")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"s"}""", "type is required")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"s","type":"t","Upper":"x"}""", "'Upper' is no name of an attribute")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"s","type":"t","x":{}}""", "x: the value is not text")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"?"}""", "data_base64 is not base64")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"s","type":"t","data":1,"data_base64":"aGk="}""", "it has data and data_base64")]
    [TestCase("""{"specversion":"1.0","id":5,"source":"s","type":"t"}""", "id: the value is not text")]
    [TestCase("""{"specversion":"1.0","id":"1","source":true,"type":"t"}""", "source: the value is not text")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"s","type":1}""", "type: the value is not text")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"s","type":"t","subject":1}""", "subject: the value is not text")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"s","type":"t","time":1}""", "time: the value is not text")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"s","type":"t","time":"x"}""", "time: 'x' is not a time of RFC 3339")]
    [TestCase("""{"specversion":"1.0","id":"\ud800","source":"s","type":"t"}""", "half of a character")]
    public async Task Structured_ThatIsNoEvent_Is400(string body, string detail)
    {
        (await PublishAsync(body, Structured)).Expect(400, detail);
        Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
    }

    [Test]
    public async Task Structured_WithACondition_IsStoredOnlyWhereItHolds()
    {
        (await PublishAsync(Event("1"), Structured + " & If-None-Match: *")).Expect(200);
        (await PublishAsync(Event("2"), Structured + " & If-None-Match: *")).Expect(412);
    }

    [Test]
    public async Task Batched_Events_AreStoredOneByOneAndTheBadFailAlone()
    {
        var answer = (await PublishAsync(
            $"[{Event("1")},{{\"id\":\"2\"}},7,{Event("1")},{Event("3")}]", Batched + " & Httpmq-Header-A: b")).Expect(200);

        var results = answer.Json["results"]!.AsArray().Select(static one =>
            $"{one!["index"]} {one["sequence"]?.ToString() ?? one["error"]!["code"]!.ToString()} {one["duplicate"]}".TrimEnd());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results, Is.EqualTo(new[] { "0 1", "1 400", "2 400", "3 1 true", "4 2" }));
            Assert.That(((int)answer.Json["published"]!, (int)answer.Json["failed"]!), Is.EqualTo((3, 2)));
            Assert.That((await StoredAsync(2)).Headers, Does.Contain("A: b").And.Contain("ce-id: 3"));
        }
    }

    [TestCase("{}", null, "array of CloudEvents")]
    [TestCase("[]", null, "array of CloudEvents")]
    [TestCase("[{}]", "Idempotency-Key: k", "not with a batch of events")]
    [TestCase("[{}]", "If-Match: 1", "not with a batch of events")]
    public async Task Batched_ThatIsNoBatch_Is400(string body, string? headers, string detail) =>
        (await PublishAsync(body, headers is null ? Batched : $"{Batched} & {headers}")).Expect(400, detail);

    [Test]
    public async Task Batched_TooManyEvents_AreRefusedAndNoneIsPublished()
    {
        var body = $"[{Event("1")}{string.Concat(Enumerable.Repeat(",{}", CloudEventBatch.MaxEvents))}]";

        (await PublishAsync(body, Batched)).Expect(400, "10001 events");

        Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
    }

    private static string Event(string id, string members = "\"data\":1") =>
        $$"""{"specversion":"1.0","id":"{{id}}","source":"/s","type":"t","number":7,"text":"a \"b\" \u00e9",{{members}}}""";

    private Task<WireAnswer> PublishAsync(string body, string headers) =>
        DataAsync("POST", $"/v1/data/subject/{_stream}", body, headers);

    private async Task<(string Data, string[] Headers)> StoredAsync(ulong sequence)
    {
        var message = (await _raw.CallAsync($"STREAM.MSG.GET.{_stream}", new JsonObject { ["seq"] = sequence }))["message"]!;
        var block = Encoding.UTF8.GetString(Convert.FromBase64String((string?)message["hdrs"] ?? string.Empty));
        return (Encoding.UTF8.GetString(Convert.FromBase64String((string?)message["data"] ?? string.Empty)),
            [.. block.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1)]);
    }
}
