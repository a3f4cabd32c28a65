using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>A misspelt field or parameter is said in the answer, and refused where the client asks for that.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class UnknownNameTests(string version) : ContractTest(version)
{
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, $"{_stream}.a");
        await Client.DefineConsumerAsync(_stream, "c");
    }

    [TestCase("POST", "", """{"name":"{0}x","subject":["{0}.x"]}""", "unknown field 'subject'; did you mean 'subjects'?")]
    [TestCase("POST", "", """{"name":"{0}x","maxAge":300}""", "unknown field 'maxAge'; did you mean 'max_age'?")]
    [TestCase("POST", "", """{"name":"{0}x","foo":{"name":1,"bar":[{}]}}""", "unknown field 'foo'")]
    [TestCase("POST", "", """{"name":"{0}x","max_mgs":3,"num_replica":1}""",
        "unknown field 'max_mgs'; did you mean 'max_msgs'?|unknown field 'num_replica'; did you mean 'num_replicas'?")]
    [TestCase("PUT", "/{0}/limit", """{"max-msgs":3}""", "unknown field 'max-msgs'; did you mean 'max_msgs'?")]
    [TestCase("PUT", "/{0}/subject", """{"subjects":["{0}.a"],"topics":[]}""", "unknown field 'topics'; did you mean 'subjects'?")]
    [TestCase("POST", "/{0}/consumer", """{"name":"d","mode":"pull","max_inflight":1,"filter":"{0}.a"}""",
        "unknown field 'filter'; did you mean 'filter_subject'?")]
    [TestCase("POST", "/{0}/consumer", """{"name":"d","mode":"pull","max_inflight":1,"max_retrys":3}""",
        "unknown field 'max_retrys'; did you mean 'max_retry'?")]
    [TestCase("POST", "", """{"name":"{0}x","sources":[{"name":"{0}","filter":"a"}],"placement":{"tag":["x"]}}""",
        "unknown field 'filter'; did you mean 'filter_subject'?|unknown field 'tag'; did you mean 'tags'?")]
    [TestCase("POST", "/{0}/consumer", """{"name":"d","mode":"push","max_inflight":1,"delivery_groop":"g","\u0000\n":1}""",
        "unknown field 'delivery_groop'; did you mean 'delivery_group'?|unknown field '??'")]
    public async Task Field_Unknown_IsNamedAndStrictRefusesIt(string method, string path, string body, string warnings)
    {
        var target = $"/v1/admin/stream{path}".Replace("{0}", _stream, StringComparison.Ordinal);
        var sent = body.Replace("{0}", _stream, StringComparison.Ordinal);

        var strict = (await ManageAsync(method, $"{target}?strict=true", sent)).Expect(400);
        var lenient = (await ManageAsync(method, target, sent)).Expect(200);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(WarningsOf(lenient), Is.EqualTo(warnings.Split('|')));
            Assert.That(
                strict.Detail, Is.EqualTo($"{warnings.Replace("|", "; ", StringComparison.Ordinal)} (refused because of strict=true)"));
        }
    }

    /// <summary>What a misspelt name leaves out would be removed.</summary>
    [TestCase("POST", "/{0}/purge", """{"fliter":"{0}.x"}""", "unknown field 'fliter'; did you mean 'filter'?")]
    [TestCase("POST", "/{0}/purge?strict=false", """{"kep":1}""", "unknown field 'kep'; did you mean 'keep'?")]
    [TestCase("POST", "/{0}/purge?filter={0}.x", "{}", "unknown parameter 'filter'")]
    [TestCase("POST", "/{0}/consumer/c/reset", """{"sequence":1}""", "unknown field 'sequence'")]
    [TestCase("POST", "/{0}/consumer/c/unpin", """{"group":"g","id":"x"}""", "unknown field 'id'")]
    [TestCase("DELETE", "/{0}/message/1?earse=true", null, "unknown parameter 'earse'; did you mean 'erase'?")]
    public async Task Name_UnknownWhereItCannotBeUndone_IsRefusedWithoutStrictToo(string method, string path, string? body, string detail)
    {
        await Client.PublishAsync($"{_stream}.a", "message");

        var answer = (await ManageAsync(
            method,
            $"/v1/admin/stream{path}".Replace("{0}", _stream, StringComparison.Ordinal),
            body?.Replace("{0}", _stream, StringComparison.Ordinal))).Expect(400);

        Assert.That(answer.Detail, Is.EqualTo($"{detail} (refused, because what this request does cannot be undone)"));
        Assert.That((int)(await Client.StreamAsync(_stream))["state"]!["messages"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task Field_Known_HasNoWarnings([Values("", "?strict=true", "?strict=false")] string query)
    {
        var answer = (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/limit{query}", """{"MAX_MSGS":7,"max_age":null}"""))
            .Expect(200);
        Assert.That(answer.Json.AsObject().Select(field => field.Key), Is.EqualTo(new[] { "success", "request_id" }));
    }

    [Test]
    public async Task Fields_Countless_AreCounted()
    {
        var fields = string.Join(',', Enumerable.Range(0, 50_000).Select(number => $"\"x{number}\":1"));
        var answer = (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/limit", $"{{{fields}}}")).Expect(200);
        Assert.That(WarningsOf(answer),
            Has.Length.EqualTo(11).And.Some.EqualTo("unknown field 'x0'").And.Some.EqualTo("49990 more unknown fields"));
    }

    [TestCase("""{"stream":1,"consumer":1,"extra":1}""", "unknown field 'extra'")]
    [TestCase("""{"stream":1,"consumer":1,"streamSequence":1}""", "unknown field 'streamSequence'; did you mean 'stream'?")]
    [TestCase("""[{"stream":1,"consumer":1},{"stream":1,"consumer":1,"extra":1,"more":2},{"extra":1,"stream":1,"consumer":1}]""",
        "unknown field 'extra'|unknown field 'more'")]
    public async Task Field_UnknownInAnAcknowledgement_IsNamedAndStrictRefusesIt(string body, string warnings)
    {
        await Client.PublishAsync($"{_stream}.a", "message");
        await using var subscription = await Client.SubscribeAsync(_stream, "c", $"subject_name={_stream}.a");
        await subscription.NextAsync();
        var target = $"/v1/data/stream/{_stream}/consumer/c/ack";

        var strict = (await DataAsync("POST", $"{target}?strict=true", body)).Expect(400);
        var pending = (int)(await Client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!;
        var lenient = (await DataAsync("POST", target, body)).Expect(200);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(WarningsOf(lenient), Is.EqualTo(warnings.Split('|')));
            Assert.That(strict.Detail, Does.Contain("unknown field 'extra'").Or.Contain("unknown field 'streamSequence'"));
            Assert.That(pending, Is.EqualTo(1), "what is refused acknowledges nothing");
        }
    }

    [TestCase("""{"strem":2,"consumer":1}""", "stream is required|unknown field 'strem'; did you mean 'stream'?")]
    [TestCase("""{"stream":2,"consumer_seq":1}""", "consumer is required|unknown field 'consumer_seq'; did you mean 'consumer'?")]
    [TestCase("""{"tokn":"AQYBGPb9XA"}""", "stream is required|unknown field 'tokn'; did you mean 'token'?")]
    [TestCase("""{"x":1}""", "stream is required|unknown field 'x'")]
    public async Task Field_MisspeltInAnAcknowledgement_IsNamedBesideWhatIsMissing(string body, string detail)
    {
        var answer = (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/c/ack", body)).Expect(400);
        Assert.That(detail.Split('|').Where(part => !answer.Detail.Contains(part, StringComparison.Ordinal)), Is.Empty, answer.Detail);
    }

    [Test]
    public async Task Field_MisspeltInAnArrayOfAcknowledgements_IsNamed()
    {
        var answer = (await DataAsync(
            "POST", $"/v1/data/stream/{_stream}/consumer/c/ack", """[{"strem":1,"consumer":1},{"stream":1,"consumer":1}]""")).Expect(200);
        Assert.That(WarningsOf(answer), Is.EqualTo(new[] { "unknown field 'strem'; did you mean 'stream'?" }));
    }

    [TestCase("GET", "/v1/admin/stream?nane=x", "unknown parameter 'nane'; did you mean 'name'?")]
    [TestCase("GET", "/v1/admin/stream/{0}?Strict=false&x=1&y", "unknown parameter 'x'|unknown parameter 'y'")]
    [TestCase("GET", "/v1/admin/alive?a%0D%0Ab=1", "unknown parameter 'a??b'")]
    [TestCase("GET", "/v1/admin/alive?hmq_s3cr3t", "unknown parameter '***'")]
    [TestCase("GET", "/v1/admin/alive?api_key=hmq_s3cr3t&access_token=eyJ.x",
        "unknown parameter 'api_key'|unknown parameter 'access_token'")]
    public async Task Parameter_Unknown_IsNamedInAnswerAndHeader(string method, string target, string warnings)
    {
        var answer = (await ManageAsync(method, target.Replace("{0}", _stream, StringComparison.Ordinal))).Expect(200);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(WarningsOf(answer), Is.EqualTo(warnings.Split('|')));
            Assert.That(answer.Header("Httpmq-Warning"), Is.EqualTo(warnings.Replace("|", "; ", StringComparison.Ordinal)));
        }
    }

    [Test]
    public async Task Parameter_UnknownOnPublish_IsNamedAndStrictRefusesIt()
    {
        var published = (await DataAsync("POST", $"/v1/data/subject/{_stream}.a?retain=1", "aGk=")).Expect(200);
        var refused = (await DataAsync("POST", $"/v1/data/subject/{_stream}.a?retain=1&strict=true", "aGk=")).Expect(400);
        var stored = (int)(await Client.StreamAsync(_stream))["state"]!["messages"]!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(WarningsOf(published), Is.EqualTo(new[] { "unknown parameter 'retain'" }));
            Assert.That(refused.Detail, Does.Contain("unknown parameter 'retain'"));
            Assert.That(stored, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Parameter_UnknownOnSubscribe_IsInTheHeaderAndStrictRefusesIt()
    {
        var target = $"/v1/data/stream/{_stream}/consumer/c?subject_name={_stream}.a&max_inflight=1";
        (await DataAsync("GET", $"{target}&strict=true")).Expect(400, "unknown parameter 'max_inflight'; did you mean 'max_msg_inflight'?");
        using var response = await OpenAsync(Gateway.Dataplane, "GET", target, body: null);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            Assert.That(response.Headers.GetValues("Httpmq-Warning"), Is.EqualTo(
                new[] { "unknown parameter 'max_inflight'; did you mean 'max_msg_inflight'?" }));
        }
    }

    [Test]
    public async Task Subjects_ThatLeaveAConsumerWithNothing_AreTakenWithAWarning()
    {
        (await ManageAsync("POST", $"/v1/admin/stream/{_stream}/consumer",
            $$"""{"name":"d","mode":"pull","max_inflight":1,"filter_subject":"{{_stream}}.a"}""")).Expect(200);
        var orphaned = (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/subject", $$"""{"subjects":["{{_stream}}.b"]}"""))
            .Expect(200);
        var again = (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/subject", $$"""{"subjects":["{{_stream}}.*"]}""")).Expect(200);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(WarningsOf(orphaned), Is.EqualTo(
                new[] { $"consumer 'd' gets no new messages: its filter_subject '{_stream}.a' matches none of the stream's subjects" }));
            Assert.That(again.Json["warnings"], Is.Null);
        }
    }

    private static string[] WarningsOf(WireAnswer answer) =>
        [.. ((JsonArray?)answer.Json["warnings"] ?? []).Select(warning => (string)warning!)];
}
