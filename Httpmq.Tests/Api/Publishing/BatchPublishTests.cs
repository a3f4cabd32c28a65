using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>POST /v1/data/publish.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class BatchPublishTests(string version)
{
    private GatewayClient _client = null!;
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _client = SharedServers.Gateway.Client(Version.Parse(version));
        _stream = SharedServers.NewName();
        await _client.DefineStreamAsync(_stream, $"{_stream}.*");
    }

    [TearDown]
    public void Disconnect() => _client.Dispose();

    [Test]
    public async Task Publish_ManyRecords_AnswersEachInOrderWithItsSequence()
    {
        const int Count = 5000;
        var lines = await PublishAsync(string.Concat(Enumerable.Range(1, Count).Select(number => Record("a", $"m{number}") + "\n")));

        Assert.That(lines.Select(line => (int)line["line"]!), Is.EqualTo(Enumerable.Range(1, Count)));
        Assert.That(lines.Select(line => (int)line["sequence"]!), Is.EqualTo(Enumerable.Range(1, Count)));
        Assert.That((int)(await _client.StreamAsync(_stream))["state"]!["messages"]!, Is.EqualTo(Count));
    }

    [Test]
    public async Task Publish_BadRecordsAmongGood_FailAloneWithTheirLine()
    {
        var lines = await PublishAsync(string.Join('\n', [
            Record("a", "one"),
            "not json",
            """{"subject":"x y","b64_msg":"aGk="}""",
            """{"subject":"a.b"}""",
            "",
            $$"""{"subject":"{{_stream}}.a","b64_msg":"aGk"}""",
            $$"""{"subject":"{{_stream}}.a","b64_msg":""}""",
            $$"""{"subject":"nobody.{{_stream}}","b64_msg":"aGk="}""",
            """["subject"]""",
            $$"""{"SUBJECT":"{{_stream}}.a","B64_MSG":"aGk=","more":[1,{}]} """,
        ]));

        var results = lines.Select(line => ((int)line["line"]!, (int?)line["error"]?["code"] ?? 200));
        Assert.That(results, Is.EqualTo(new[]
        {
            (1, 200), (2, 400), (3, 400), (4, 400), (6, 400), (7, 400), (8, 404), (9, 400), (10, 200),
        }));
    }

    [Test]
    public async Task Publish_RecordsAroundTheLargestMessage_TakesTheOneAndRefusesTheOther()
    {
        const int MaxPayload = 1024 * 1024;
        var lines = await PublishAsync(
            string.Join('\n', Record("a", MaxPayload), Record("a", MaxPayload + 1), Record("a", 3 * MaxPayload), Record("a", 1)));

        Assert.That(lines.Select(line => (int?)line["error"]?["code"] ?? 200), Is.EqualTo(new[] { 200, 413, 413, 200 }));
    }

    [Test]
    public async Task Publish_EscapedTextAndCrLf_IsReadAsJsonSays()
    {
        var lines = await PublishAsync($$"""{"subject":"{{_stream}}.\u0061","b64_msg":"\/\/\/\/"}""" + "\r\n");

        Assert.That(lines, Has.Count.EqualTo(1));
        Assert.That((bool)lines[0]["success"]!, Is.True, lines[0].ToJsonString());
    }

    [Test]
    public async Task Publish_EmptyBody_Is400()
    {
        var answer = await _client.DataAsync(HttpMethod.Post, "/v1/data/publish", new StringContent(string.Empty));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.BadRequest), answer.ToString());
            Assert.That(answer.Detail, Does.Contain("no record").And.Contain("b64_msg"));
        }
    }

    [Test]
    public async Task Publish_NothingButBlankLines_IsToldInALine()
    {
        var lines = await PublishAsync("\n \n\r\n");

        Assert.That(lines, Has.Count.EqualTo(1));
        Assert.That((int)lines[0]["error"]!["code"]!, Is.EqualTo(400));
        Assert.That((string)lines[0]["error"]!["detail"]!, Does.Contain("no record"));
        Assert.That((string)lines[0]["error"]!["type"]!, Is.EqualTo("empty-batch"));
    }

    /// <summary>What people send who have not read how; each says what to do instead, and nothing in a JSON parser's words.</summary>
    [TestCase("[{\"subject\":\"a\",\"b64_msg\":\"aGk=\"}]", "is an array", "jq -c '.[]'")]
    [TestCase("{\n  \"subject\": \"a\",\n  \"b64_msg\": \"aGk=\"\n}", "does not end on this line", "jq -c")]
    [TestCase(
        "{\"subject\":\"a\",\"b64_msg\":\"aGk=\"}{\"subject\":\"a\",\"b64_msg\":\"aGk=\"}", "several records on one line", "--data-binary")]
    [TestCase("{\"subject\":\"a\",\"b64_msg\":\"aGk=\"} x}", "goes on after the object, at byte 33", "one line")]
    [TestCase("{\"subject\":\"a\",'b64_msg':\"aGk=\"}", "not JSON from byte 16 on", "'b64_msg'")]
    [TestCase("{\"subject\":\"a\",\"b64_msg\":\"aGk=\"", "does not end on this line", "one line")]
    [TestCase("hello", "not a JSON object", "orders.new")]
    [TestCase("{\"subject\":\"a\",\"b64_msg\":\"hi there\"}", "b64_msg is not base64", "encode the message first")]
    [TestCase("{\"subject\":\"\\ud800\",\"b64_msg\":\"aGk=\"}", "half of a character", "escape")]
    public async Task Publish_CommonMistake_SaysWhatToDo(string body, string what, string instead)
    {
        var lines = await PublishAsync(body);

        var detail = (string)lines[0]["error"]!["detail"]!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)lines[0]["error"]!["code"]!, Is.EqualTo(400));
            Assert.That(detail, Does.Contain(what).And.Contain(instead));
            Assert.That(detail, Does.Not.Contain("LineNumber").And.Not.Contain("Expected depth"));
        }
    }

    [TestCase("""{"subject":"{0}.a","b64_msg":"aGk=","key":"x","tags":{"a":"b"}}""", "unknown field 'key'|unknown field 'tags'")]
    [TestCase("""{"subject":"{0}.a","b64_msg":"aGk=","Subjects":["id"]}""", "unknown field 'Subjects'; did you mean 'subject'?")]
    public async Task Publish_UnknownField_IsNamedAndStrictRefusesIt(string record, string warnings)
    {
        var body = string.Join('\n', Record("a", "one"), record.Replace("{0}", _stream, StringComparison.Ordinal), Record("a", "two"));
        var lenient = await PublishAsync(body);
        var strict = await PublishAsync(body, "?strict=true");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lenient.Select(line => (bool)line["success"]!), Is.All.True);
            Assert.That(lenient.Select(line => line["warnings"] is JsonArray all
                ? string.Join('|', all.Select(one => (string)one!))
                : null), Is.EqualTo(new[] { null, warnings, null }));
            Assert.That(strict.Select(line => (int?)line["error"]?["code"]), Is.EqualTo(new int?[] { null, 400, null }));
            Assert.That((string)strict[1]["error"]!["message"]!, Is.EqualTo("Unknown field"));
            Assert.That((string)strict[1]["error"]!["detail"]!, Is.EqualTo(
                $"{warnings.Replace("|", "; ", StringComparison.Ordinal)} (refused because of strict=true)"));
            Assert.That((int)(await _client.StreamAsync(_stream))["state"]!["messages"]!, Is.EqualTo(5));
        }
    }

    [TestCase("""{"subject":"{0}.a","payload":"aGk="}""", "b64_msg is required|unknown field 'payload'; did you mean 'b64_msg'?")]
    [TestCase("""{"subject":"{0}.a","b64msg":"aGk="}""", "b64_msg is required|unknown field 'b64msg'; did you mean 'b64_msg'?")]
    [TestCase("""{"topic":"{0}.a","b64_msg":"aGk="}""", "subject is required|unknown field 'topic'; did you mean 'subject'?")]
    public async Task Publish_MisspeltField_IsNamedBesideWhatIsMissing(string record, string detail)
    {
        var lines = await PublishAsync(record.Replace("{0}", _stream, StringComparison.Ordinal));

        var said = (string)lines[0]["error"]!["detail"]!;
        Assert.That(detail.Split('|').Where(part => !said.Contains(part, StringComparison.Ordinal)), Is.Empty, said);
    }

    [Test]
    public async Task Publish_UnknownFieldOfARecordThatNoStreamTakes_IsNamedBesideTheError()
    {
        var lines = await PublishAsync($$"""{"subject":"nobody.{{_stream}}","b64_msg":"aGk=","key":"1s"}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)lines[0]["error"]!["code"]!, Is.EqualTo(404));
            Assert.That((string)lines[0]["warnings"]![0]!, Is.EqualTo("unknown field 'key'"));
        }
    }

    [TestCase("gzip", 415)]
    [TestCase("br, identity", 415)]
    [TestCase("identity", 200)]
    public async Task Publish_ContentEncoding_IsTakenOnlyAsItIs(string encoding, int status)
    {
        var body = new StringContent(Record("a", "hi"));
        body.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        var (answered, text) = await _client.SendRawAsync(HttpMethod.Post, "/v1/data/publish", body);

        Assert.That((int)answered, Is.EqualTo(status), text);
        Assert.That(
            text, status is 415 ? Does.Contain($"'{encoding.Split(',')[0]}'").And.Contain("uncompressed") : Does.Contain("sequence"));
    }

    private string Record(string subject, string message) => Record(subject, Encoding.UTF8.GetBytes(message));

    private string Record(string subject, int length) => Record(subject, new byte[length]);

    private string Record(string subject, byte[] message) =>
        $$"""{"subject":"{{_stream}}.{{subject}}","b64_msg":"{{Convert.ToBase64String(message)}}"}""";

    private async Task<IReadOnlyList<JsonNode>> PublishAsync(string body, string query = "")
    {
        var (status, text) = await _client.SendRawAsync(HttpMethod.Post, $"/v1/data/publish{query}", new StringContent(body));
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }
}
