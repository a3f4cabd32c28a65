using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Section 3: streams, without their limits.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class StreamTests(string version) : ContractTest(version)
{
    [Test]
    public async Task Define_NameAlone_TakesTheNameAsSubject()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}"}""")).Expect(200);
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}","subjects":[]}""")).Expect(200);
        Assert.That((await Client.StreamAsync(stream))["config"]!["subjects"]!.ToJsonString(), Is.EqualTo($"[\"{stream}\"]"));
    }

    [Test]
    public async Task Define_SameAgain_Is200AndKeepsTheMessages()
    {
        var stream = SharedServers.NewName();
        var body = $$"""{"name":"{{stream}}","subjects":["{{stream}}.a"],"max_age":3600000000000,"max_msgs":0}""";
        (await ManageAsync("POST", "/v1/admin/stream", body)).Expect(200);
        await Client.PublishAsync($"{stream}.a", "kept");
        (await ManageAsync("POST", "/v1/admin/stream", body)).Expect(200);
        Assert.That((ulong)(await Client.StreamAsync(stream))["state"]!["messages"]!, Is.EqualTo(1));
    }

    [TestCase(""" "subjects":["{0}.c"] """)]
    [TestCase(""" "subjects":["{0}.a","{0}.b"] """)]
    [TestCase(""" "subjects":["{0}.a"],"max_msgs":5 """)]
    [TestCase(""" "subjects":["{0}.a"],"max_age":60000000000 """)]
    public async Task Define_DifferentUnderTheName_Is409(string fields)
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, $"{stream}.a");
        var body = "{" + $"\"name\":\"{stream}\"," + fields.Replace("{0}", stream, StringComparison.Ordinal) + "}";
        (await ManageAsync("POST", "/v1/admin/stream", body)).Expect(409, "(err_code 10058)");
    }

    [Test]
    public async Task Define_SubjectOfAnotherStream_Is409()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, $"{stream}.a");
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}2","subjects":["{{stream}}.*"]}""")).Expect(
            409, "subjects overlap with an existing stream (err_code 10065)");
    }

    [Test]
    public async Task Define_SubjectTwice_Is400()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}","subjects":["{{stream}}.a","{{stream}}.a"]}"""))
            .Expect(400);
    }

    [TestCase("null")]
    [TestCase("\"\"")]
    public async Task Define_SubjectWithoutText_Is400(string subject) =>
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{SharedServers.NewName()}}","subjects":[{{subject}}]}""")).Expect(
            400, "subjects: ");

    [Test]
    public async Task Define_EmptyName_Is400WithTheValue() =>
        (await ManageAsync("POST", "/v1/admin/stream", """{"name":""}""")).Expect(400, "name: '' is not 1 to 255");

    [TestCase("{}")]
    [TestCase("""{"name":null}""")]
    public async Task Define_WithoutName_Is400(string body) =>
        (await ManageAsync("POST", "/v1/admin/stream", body)).Expect(400, "name is required");

    [Test]
    public async Task Get_NewStream_HasEveryKeyInOrder()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, $"{stream}.a", $"{stream}.b");

        var info = (await ManageAsync("GET", $"/v1/admin/stream/{stream}")).Expect(200).Json["stream"]!;
        var created = (string)info["created"]!;

        // nats-server's own, from 2.11 on.
        info["config"]!.AsObject().Remove("metadata");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(info["config"]!.ToJsonString(), Is.EqualTo(
                $$"""{"name":"{{stream}}","description":"","subjects":["{{stream}}.a","{{stream}}.b"],"max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"replicas":1,"retention":"limits","discard":"old","storage":"file","duplicate_window":120000000000}"""));
            Assert.That(info["state"]!.ToJsonString(), Is.EqualTo(
                """{"messages":0,"bytes":0,"first_seq":0,"first_ts":"0001-01-01T00:00:00Z","last_seq":0,"last_ts":"0001-01-01T00:00:00Z","consumer_count":0}"""));
            Assert.That(info.AsObject().Select(field => field.Key), Is.EqualTo(new[] { "config", "created", "state" }));
            Assert.That(created, Does.Match(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$"));
        }
    }

    [Test]
    public async Task Get_WithMessages_HasTheirState()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, stream);
        await Client.DefineConsumerAsync(stream, "c");
        await Client.PublishAsync(stream, "one");
        await Client.PublishAsync(stream, "two");

        var state = (await Client.StreamAsync(stream))["state"]!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((ulong)state["messages"]!, Is.EqualTo(2));
            Assert.That((ulong)state["bytes"]!, Is.Positive);
            Assert.That((ulong)state["first_seq"]!, Is.EqualTo(1));
            Assert.That((ulong)state["last_seq"]!, Is.EqualTo(2));
            Assert.That((string)state["last_ts"]!, Does.EndWith("Z").And.GreaterThan((string)state["first_ts"]!));
            Assert.That((long)state["consumer_count"]!, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task List_Always_IsAnObjectByName()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, stream);
        var streams = (await ManageAsync("GET", "/v1/admin/stream")).Expect(200).Json["streams"]!.AsObject();
        Assert.That(JsonNode.DeepEquals(WithoutMetadata(streams[stream]!), WithoutMetadata(await Client.StreamAsync(stream))), Is.True);

        // nats-server's own, from 2.11 on, and it says less of it in lists.
        static JsonNode WithoutMetadata(JsonNode info)
        {
            info["config"]!.AsObject().Remove("metadata");
            return info;
        }
    }

    [TestCase("GET", "")]
    [TestCase("DELETE", "")]
    [TestCase("GET", "/consumer")]
    [TestCase("GET", "/consumer/c")]
    [TestCase("DELETE", "/consumer/c")]
    [TestCase("PUT", "/subject", """{"subjects":["absent.a"]}""")]
    [TestCase("PUT", "/limit", "{}")]
    [TestCase("PUT", "/limit", """{"max_msgs":5}""")]
    [TestCase("POST", "/consumer", """{"name":"c","mode":"push","max_inflight":1}""")]
    public async Task Stream_Unknown_Is404OnEveryRoute(string method, string path, string? body = null) =>
        (await ManageAsync(method, $"/v1/admin/stream/absent{path}", body)).Expect(404, "stream not found (err_code 10059)");

    [Test]
    public async Task Subjects_New_ReplaceTheOld()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, $"{stream}.a");
        for (var again = 0; again < 2; again++)
        {
            (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/subject", $$"""{"subjects":["{{stream}}.b","{{stream}}.c.>"]}"""))
                .Expect(200);
        }

        (await DataAsync("POST", $"/v1/data/subject/{stream}.a", "aGk=")).Expect(404);
        (await DataAsync("POST", $"/v1/data/subject/{stream}.c.d.e", "aGk=")).Expect(200);
    }

    [TestCase("{}")]
    [TestCase("""{"subjects":[]}""")]
    [TestCase("""{"subjects":null}""")]
    public async Task Subjects_None_Is400(string body) =>
        (await ManageAsync("PUT", "/v1/admin/stream/absent/subject", body)).Expect(400, "subjects: at least one");

    [Test]
    public async Task Subjects_OfAnotherStream_Is409AndNothingChanges()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, $"{stream}.a");
        await Client.DefineStreamAsync($"{stream}o", $"{stream}.b");
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/subject", $$"""{"subjects":["{{stream}}.b"]}""")).Expect(409);
        Assert.That((string)(await Client.StreamAsync(stream))["config"]!["subjects"]![0]!, Is.EqualTo($"{stream}.a"));
    }

    [Test]
    public async Task Delete_Stream_TakesItsMessagesAndConsumersWithIt()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, stream);
        await Client.DefineConsumerAsync(stream, "c");
        await Client.PublishAsync(stream, "gone");

        (await ManageAsync("DELETE", $"/v1/admin/stream/{stream}")).Expect(200);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{stream}")).Expect(404);
        await Client.DefineStreamAsync(stream, stream);
        Assert.That((ulong)(await Client.StreamAsync(stream))["state"]!["messages"]!, Is.Zero);
        (await ManageAsync("GET", $"/v1/admin/stream/{stream}/consumer/c")).Expect(404);
    }

    [Test]
    public async Task List_BeyondOnePageOfTheServer_HoldsAll()
    {
        // nats-server lists 256 at a time.
        const int Count = 300;
        var prefix = SharedServers.NewName();
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        await Task.WhenAll(
            Enumerable.Range(0, Count).Select(number => raw.CreateStreamAsync($"{prefix}_{number}", [$"{prefix}.{number}"])));
        try
        {
            var streams = (await ManageAsync("GET", "/v1/admin/stream")).Expect(200).Json["streams"]!.AsObject();
            Assert.That(streams.Count(field => field.Key.StartsWith(prefix, StringComparison.Ordinal)), Is.EqualTo(Count));
        }
        finally
        {
            await Task.WhenAll(Enumerable.Range(0, Count).Select(number => raw.CallAsync($"STREAM.DELETE.{prefix}_{number}")));
        }
    }
}
