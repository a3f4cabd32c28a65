using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>What a record of a batch can say beside its subject and its bytes.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class BatchRecordTests
{
    private GatewayClient _client = null!;
    private RawJetStream _raw = null!;
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _client = SharedServers.Gateway.Client();
        _raw = new RawJetStream(SharedServers.Nats.Url);
        _stream = SharedServers.NewName();
        await _raw.CreateStreamAsync(_stream, [$"{_stream}.>"]);
    }

    [TearDown]
    public async Task DisconnectAsync()
    {
        _client.Dispose();
        await _raw.DisposeAsync();
    }

    [TestCase(""" "msg":"h\u00e9llo \"x\"\n" """, "héllo \"x\"\n")]
    [TestCase(""" "json":{"a" : [1, 2.50,"\u00e9"]} """, """{"a" : [1, 2.50,"\u00e9"]}""")]
    [TestCase(""" "json": [ ] """, "[ ]")]
    [TestCase(""" "json":"text" """, "\"text\"")]
    [TestCase(""" "json":-1.0e5 """, "-1.0e5")]
    [TestCase(""" "json":null """, "null")]
    [TestCase(""" "json":null,"msg":"x" """, "x")]
    [TestCase(""" "msg":"x","json":null,"b64_msg":null """, "x")]
    [TestCase(""" "msg":"x","msg":"y" """, "y")]
    [TestCase(""" "MSG":"x" """, "x")]
    public async Task Message_InEachForm_IsStoredAsItsBytes(string member, string expected)
    {
        var line = (await PublishAsync($$"""{"subject":"{{_stream}}.a",{{member}}}"""))[0];

        Assert.That((bool)line["success"]!, Is.True, line.ToJsonString());
        Assert.That((await StoredAsync(1)).Data, Is.EqualTo(expected));
    }

    [Test]
    public async Task Headers_AsGiven_AreStoredAndTheFieldsAreJetStreamsOwn()
    {
        var lines = await PublishAsync(
            $$$"""{"headers":{"trace-ID":"7","Tag":["a","b"],"nats-expected-stream":"{{{_stream}}}"},"id":"k","subject":"{{{_stream}}}.a","msg":"x"}""",
            $$"""{"subject":"{{_stream}}.a","msg":"x","id":"k"}""",
            $$"""{"subject":"{{_stream}}.a","msg":"x","expected_last_subject_sequence":1}""",
            $$"""{"subject":"{{_stream}}.a","msg":"x","expected_last_subject_sequence":1}""",
            $$"""{"subject":"{{_stream}}.a","msg":"plain"}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                lines[1].ToJsonString(),
                Is.EqualTo($$"""{"success":true,"line":2,"stream":"{{_stream}}","sequence":1,"duplicate":true}"""));
            Assert.That((bool)lines[2]["success"]!, Is.True);
            Assert.That(((int)lines[3]["error"]!["code"]!, (int)lines[3]["error"]!["last_sequence"]!), Is.EqualTo((412, 2)));
            Assert.That((await StoredAsync(1)).Headers, Is.EqualTo(
                new[] { "trace-ID: 7", "Tag: a", "Tag: b", $"Nats-Expected-Stream: {_stream}", "Nats-Msg-Id: k" }));
            Assert.That((await StoredAsync(3)).Headers, Is.Empty, "nothing of the records before");
        }
    }

    [TestCase(""" "msg":"x","json":1 """, "a record has one message")]
    [TestCase(""" "b64_msg":"aGk=","msg":"x" """, "a record has one message")]
    [TestCase(""" "msg":7 """, "msg: the value is not text")]
    [TestCase(""" "msg":{"a":1} """, "msg: the value is not text")]
    [TestCase(""" "msg":"" """, "msg: the message is empty")]
    [TestCase(""" "msg":"\ud800" """, "half of a character")]
    [TestCase(""" "json":{"a":} """, "the line is not JSON")]
    [TestCase(""" "msg":null """, "b64_msg is required")]
    [TestCase(""" "msg":"x","headers":7 """, "headers: the value is not an object")]
    [TestCase(""" "msg":"x","headers":{"a":7} """, "headers: the value is not an object")]
    [TestCase(""" "msg":"x","headers":{"a":["b",null]} """, "headers: the value is not an object")]
    [TestCase(""" "msg":"x","headers":{"a b":"c"} """, "the name holds U+0020")]
    [TestCase(""" "msg":"x","headers":{"a":"b\r\nNats-Rollup: all"} """, "has a line break")]
    [TestCase(""" "msg":"x","headers":{"a":"b\u0000"} """, "has a control character")]
    [TestCase(""" "msg":"x","headers":{"":"c"} """, "empty name")]
    [TestCase(""" "msg":"x","headers":{"Nats-Batch-Id":"c"} """, "are NATS's own")]
    [TestCase(""" "msg":"x","headers":{"Nats-Msg-Id":"c"},"id":"d" """, "id: 'd' is another Nats-Msg-Id")]
    [TestCase(""" "msg":"x","id":7 """, "id: the value is not text")]
    [TestCase(""" "msg":"x","id":"" """, "id: '' is empty")]
    [TestCase(""" "msg":"x","expected_last_subject_sequence":-1 """, "is not an integer of at least 0")]
    [TestCase(""" "msg":"x","expected_last_subject_sequence":"1" """, "is not an integer of at least 0")]
    [TestCase(""" "msg":"x","ttl":30 """, "for 30 seconds write \"30s\"")]
    [TestCase(""" "msg":"x","ttl":"30" """, "ttl: the value is not a duration")]
    [TestCase(""" "msg":"x","ttl":"10ms" """, "is shorter than 1 s")]
    [TestCase(""" "msg":"x","ttl":true """, "ttl: the value is not a duration")]
    public async Task Record_WithAMistake_FailsAlone(string members, string detail)
    {
        var lines = await PublishAsync($$"""{"subject":"{{_stream}}.a",{{members}}}""", $$"""{"subject":"{{_stream}}.a","msg":"x"}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int?)lines[0]["error"]?["code"], Is.EqualTo(400), lines[0].ToJsonString());
            Assert.That((string)lines[0]["error"]!["detail"]!, Does.Contain(detail));
            Assert.That((int?)lines[1]["sequence"], Is.EqualTo(1));
        }
    }

    [TestCase("\"1h30m\"", "Nats-TTL: 1h30m")]
    [TestCase("5000000000", "Nats-TTL: 5s")]
    [TestCase("1500000000", "Nats-TTL: 1500000000ns")]
    [TestCase("\"never\"", "Nats-TTL: never")]
    public async Task Ttl_OfARecord_IsJetStreamsOrA501(string ttl, string header)
    {
        var record = $$"""{"subject":"{{_stream}}.a","msg":"x","ttl":{{ttl}}}""";
        if (!ServerUnderTest.Facts.Has(Feature.MessageTtl))
        {
            Assert.That((int)(await PublishAsync(record))[0]["error"]!["code"]!, Is.EqualTo(501));
            Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
            return;
        }

        await _raw.CallAsync($"STREAM.UPDATE.{_stream}", new JsonObject
        {
            ["name"] = _stream,
            ["subjects"] = new JsonArray($"{_stream}.>"),
            ["storage"] = "memory",
            ["num_replicas"] = 1,
            ["allow_msg_ttl"] = true,
        });
        await PublishAsync(record);
        Assert.That((await StoredAsync(1)).Headers, Is.EqualTo([header]));
    }

    [Test]
    public async Task Increment_InARecord_NeedsNoMessageAndTellsTheValue()
    {
        if (!ServerUnderTest.Facts.Has(Feature.Counters))
        {
            return;
        }

        var counter = SharedServers.NewName();
        await _raw.CreateStreamAsync(counter, [counter], new JsonObject { ["allow_msg_counter"] = true });
        var record = $$$"""{"subject":"{{{counter}}}","headers":{"Nats-Incr":"2"}}""";

        var lines = await PublishAsync(record, record);

        Assert.That(
            lines[1].ToJsonString(), Is.EqualTo($$"""{"success":true,"line":2,"stream":"{{counter}}","sequence":2,"value":"4"}"""));
    }

    private async Task<JsonNode[]> PublishAsync(params string[] records)
    {
        using var body = new StringContent(string.Join('\n', records));
        var (_, text) = await _client.SendRawAsync(HttpMethod.Post, "/v1/data/publish", body);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonNode.Parse(line)!)];
    }

    private async Task<(string Data, string[] Headers)> StoredAsync(ulong sequence)
    {
        var message = (await _raw.CallAsync($"STREAM.MSG.GET.{_stream}", new JsonObject { ["seq"] = sequence }))["message"]!;
        var block = Encoding.UTF8.GetString(Convert.FromBase64String((string?)message["hdrs"] ?? string.Empty));
        return (Encoding.UTF8.GetString(Convert.FromBase64String((string)message["data"]!)),
            [.. block.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1)]);
    }
}
