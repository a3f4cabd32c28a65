using System.Text;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Section 2, "JSON in": what is taken, what is refused, and what the refusal names.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class JsonBodyTests(string version) : ContractTest(version)
{
    private static readonly object[] NotJson =
    [
        new[] { "", "the body is empty" },
        new[] { "   ", "line 1" },
        new[] { "{", "line 1, byte 2" },
        new[] { "{\"name\":", "line 1" },
        new[] { "{\n\"name\": x}", "line 2, byte 9" },
        new[] { "hello", "line 1, byte 1" },
        new[] { "{'name':'x'}", "line 1, byte 2" },
        new[] { "{\"name\":\"x\",}", "line 1" },
        new[] { "{\"name\":\"x\"} garbage", "line 1, byte 14" },
        new[] { "{\"name\":\"x\"}{}", "line 1, byte 13" },
        new[] { "{\"name\":\"x\"/* */}", "line 1" },
        new[] { "\uFEFF{\"name\":\"x\"}", "line 1, byte 1" },
        new[] { "{\"name\":\"\\ud800\"}", "name: \"\\ud800\" " },
        new[] { "{\"name\":\"x\",\"\\ud800\":1}", "a name has an escape that is half of a character" },
        new[] { "{\"name\":\"x\",\"placement\":{\"\\ud800\":1}}", "placement: a name has an escape that is half of a character" },
        new[] { "{\"name\":\"x\",\"metadata\":{\"\\ud800\":\"a\"}}", "a name has an escape that is half of a character" },
        new[] { "{\"name\":\"x\",\"metadata\":{\"a\":\"\\ud800\"}}", "\"\\ud800\" has an escape that is half of a character" },
        new[] { "{\"name\":NaN}", "line 1" },
    ];

    private static readonly object[] WrongType =
    [
        new[] { "[]", "line 1" },
        new[] { "\"abc\"", "line 1" },
        new[] { "12", "line 1" },
        new[] { "true", "line 1" },
        new[] { """{"name":5}""", "name: 5 " },
        new[] { """{"name":{"a":[1]}}""", "name: " },
        new[] { """{"name":"x","subjects":"abc"}""", "subjects: \"abc\" " },
        new[] { """{"name":"x","subjects":["a",1]}""", "subjects[1]: 1 " },
        new[] { """{"name":"x","max_msgs":1.5}""", "max_msgs: 1.5 " },
        new[] { """{"name":"x","max_msgs":1e2}""", "max_msgs: 1e2 " },
        new[] { """{"name":"x","max_msgs":"5"}""", "max_msgs: \"5\" " },
        new[] { """{"name":"x","max_msgs":true}""", "max_msgs: true " },
        new[] { """{"name":"x","max_msgs":99999999999999999999}""", "max_msgs: 99999999999999999999 " },
        new[] { """{"name":"x","max_msg_size":3000000000}""", "max_msg_size: 3000000000 " },
        new[]
        {
            """{"name":"x","max_age":"1d"}""", "max_age: \"1d\" has the unit 'd', which is not taken: a day is \"24h\"; a duration is",
        },
        new[] { """{"name":"x","max_age":"-1s"}""", "max_age: \"-1s\" is negative; " },
        new[] { """{"name":"x","max_age":"3000000h"}""", "max_age: \"3000000h\" is longer than 292 years; " },
        new[] { """{"name":"x","max_age":1.5}""", "max_age: 1.5 is no integer of nanoseconds within range; " },
        new[] { """{"name":"x","max_age":[1]}""", "max_age: an array is no duration; " },
    ];

    [TestCaseSource(nameof(NotJson))]
    public async Task Body_NotJson_Is400WithWhereItBroke(string body, string where) =>
        (await ManageAsync("POST", "/v1/admin/stream", body)).Expect(400, where);

    [TestCaseSource(nameof(WrongType))]
    public async Task Body_FieldOfAnotherType_Is400WithFieldAndValue(string body, string detail) =>
        (await ManageAsync("POST", "/v1/admin/stream", body)).Expect(400, detail);

    [Test]
    public async Task Body_InvalidUtf8_Is400()
    {
        byte[] body = [.. "{\"name\":\"y"u8, 0xFF, .. "\"}"u8];
        (await SendAsync(Gateway.Management, "POST", "/v1/admin/stream", new ByteArrayContent(body))).Expect(
            400, "not UTF-8 from byte 11 on");
    }

    [TestCase("POST", "/v1/admin/stream")]
    [TestCase("PUT", "/v1/admin/stream/absent/limit")]
    [TestCase("PUT", "/v1/admin/stream/absent/subject")]
    [TestCase("POST", "/v1/admin/stream/absent/consumer")]
    public async Task Body_Absent_Is400(string method, string path) => (await ManageAsync(method, path)).Expect(400, "the body is empty");

    [Test]
    public async Task Body_Null_IsAnObjectWithoutFields()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, stream);

        (await ManageAsync("POST", "/v1/admin/stream", "null")).Expect(400, "name is required");
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/subject", "null")).Expect(400, "subjects");
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/limit", "null")).Expect(200);
        (await ManageAsync("POST", $"/v1/admin/stream/{stream}/consumer", "null")).Expect(400, "max_inflight is required");
        (await DataAsync("POST", $"/v1/data/stream/{stream}/consumer/c/ack", "null")).Expect(400, "stream is required");
    }

    [Test]
    public async Task Body_AbsentAndNullFields_AreAlike()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream",
            $$"""{"name":"{{stream}}","subjects":null,"max_msgs":null,"max_age":null,"max_msg_size":null}""")).Expect(200);
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}"}""")).Expect(200);

        const string Absent = """{"name":"c","mode":"push","max_inflight":1}""";
        const string Null =
            """{"name":"c","mode":"push","max_inflight":1,"notes":null,"filter_subject":null,"delivery_group":null,"max_retry":null,"ack_wait":null}""";
        (await ManageAsync("POST", $"/v1/admin/stream/{stream}/consumer", Null)).Expect(200);
        (await ManageAsync("POST", $"/v1/admin/stream/{stream}/consumer", Absent)).Expect(200);
    }

    [Test]
    public async Task Body_FieldNamesInAnyCase_AreTaken()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"NAME":"{{stream}}","Subjects":["{{stream}}.1"],"MAX_MSGS":7}""")).Expect(200);
        var config = (await Client.StreamAsync(stream))["config"]!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)config["subjects"]![0]!, Is.EqualTo($"{stream}.1"));
            Assert.That((long)config["max_msgs"]!, Is.EqualTo(7));
        }
    }

    [Test]
    public async Task Body_UnknownFields_AreIgnored()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream", $$$"""{"name":"{{{stream}}}","foo":{"a":[1,{"b":null}]},"colour":"hello"}"""))
            .Expect(200);
        Assert.That((string)(await Client.StreamAsync(stream))["config"]!["description"]!, Is.Empty);
    }

    [Test]
    public async Task Body_DuplicateKeys_TheLastCounts()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}x","name":"{{stream}}","max_msgs":1,"max_msgs":2}"""))
            .Expect(200);
        Assert.That((long)(await Client.StreamAsync(stream))["config"]!["max_msgs"]!, Is.EqualTo(2));
    }

    [Test]
    public async Task Body_WhiteSpaceAround_IsSkipped()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream", $"\r\n\t {{ \"name\" : \"{stream}\" }} \n\t\r ")).Expect(200);
    }

    [Test]
    public async Task Body_InSmallPieces_IsRead()
    {
        var stream = SharedServers.NewName();
        var json = Encoding.UTF8.GetBytes($$"""{"name":"{{stream}}","max_msgs":12345}""");
        var chunks = json.Select(letter => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes($"1\r\n{(char)letter}\r\n"))
            .Append("0\r\n\r\n"u8.ToArray());
        var answer = await RawHttp.SendAsync(Gateway.Management, "POST /v1/admin/stream HTTP/1.1\nTransfer-Encoding: chunked", chunks);

        Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(200), answer);
        Assert.That((long)(await Client.StreamAsync(stream))["config"]!["max_msgs"]!, Is.EqualTo(12345));
    }

    [Test]
    public async Task Request_SeveralThingsWrong_NamesAllOfThem()
    {
        var answer = (await ManageAsync(
            "POST", "/v1/admin/stream", """{"name":"a.b","subjects":["ok","a..b"],"max_msgs":-2,"max_msg_size":-3}""")).Expect(400);
        Assert.That(answer.Detail,
            Does.Contain("name: 'a.b'").And.Contain("subjects: 'a..b'").And.Contain("max_msgs: -2").And.Contain("max_msg_size: -3"));
    }
}
