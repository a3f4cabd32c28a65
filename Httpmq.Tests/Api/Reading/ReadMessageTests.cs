using System.Text.Json.Nodes;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Api.Reading;

/// <summary>Messages that are read where they are stored: by sequence, and the last of a subject.</summary>
internal sealed class ReadMessageTests() : ContractTest("2.0")
{
    private const string Bytes = "Accept: application/octet-stream";

    private string _stream = null!;

    [SetUp]
    public Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        return Client.DefineStreamAsync(_stream, $"{_stream}.>");
    }

    [Test]
    public async Task ReadLast_AfterTheLastOneWasRemoved_IsTheOneBefore()
    {
        // nats-server before 2.11 says that there is none.
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, $"{stream}.*");
        foreach (var (subject, text) in new[] { ("a", "1"), ("a", "2"), ("b", "3"), ("a", "4"), ("b", "5") })
        {
            await Client.PublishAsync($"{stream}.{subject}", text);
        }

        (await ManageAsync("DELETE", $"/v1/admin/stream/{stream}/message/4")).Expect(200);

        var last = (await DataAsync("GET", $"/v1/data/subject/{stream}.a?encoding=utf8")).Expect(200);
        var each = await DataAsync("GET", $"/v1/data/stream/{stream}/message?last_per_subject&encoding=utf8");
        (await ManageAsync("DELETE", $"/v1/admin/stream/{stream}/message/1")).Expect(200);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{stream}/message/2")).Expect(200);
        var none = await DataAsync("GET", $"/v1/data/subject/{stream}.a");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)last.Json["msg"]!, Is.EqualTo("2"));
            Assert.That(each.Text, Does.Contain("\"msg\":\"2\"").And.Contain("\"msg\":\"5\""));
            Assert.That(none.Status, Is.EqualTo(404));
        }
    }

    [Test]
    public async Task Read_BySequence_IsTheMessageWithItsTag()
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = SharedServers.Nats.Url });
        await nats.RequestAsync<byte[], byte[]>($"{_stream}.a", [0xFF, 0], new NatsHeaders { ["A"] = new(["1", "2"]) });

        var answer = (await DataAsync("GET", $"/v1/data/stream/{_stream}/message/1")).Expect(200);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Json.AsObject().Select(static member => member.Key), Is.EqualTo(
                new[] { "success", "request_id", "stream", "subject", "sequence", "time", "headers", "b64_msg" }));
            Assert.That((string)answer.Json["stream"]!, Is.EqualTo(_stream));
            Assert.That((string)answer.Json["subject"]!, Is.EqualTo($"{_stream}.a"));
            Assert.That((int)answer.Json["sequence"]!, Is.EqualTo(1));
            Assert.That(answer.Json["headers"]!.ToJsonString(), Is.EqualTo("""{"A":["1","2"]}"""));
            Assert.That((string)answer.Json["b64_msg"]!, Is.EqualTo("/wA="));
            Assert.That((DateTimeOffset)answer.Json["time"]!, Is.EqualTo(TimeProvider.System.GetUtcNow()).Within(TimeSpan.FromMinutes(5)));
            Assert.That((answer.Header("ETag"), answer.Header("Vary")), Is.EqualTo(("\"1\"", "Accept")));
            Assert.That(answer.Header("Cache-Control"), Does.Contain("immutable").And.Contain("private"));
        }
    }

    [Test]
    public async Task Read_Bytes_HasTheMetadataInHeaders()
    {
        await Client.TryPublishAsync($"{_stream}.a", [1, 2, 3]);

        using var response = await OpenAsync(Gateway.Dataplane, "GET", $"/v1/data/stream/{_stream}/message/1", body: null, Bytes);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/octet-stream"));
            Assert.That(response.Headers.GetValues("Httpmq-Subject").Single(), Is.EqualTo($"{_stream}.a"));
            Assert.That(response.Headers.GetValues("Httpmq-Sequence").Single(), Is.EqualTo("1"));
            Assert.That(response.Headers.ETag!.ToString(), Is.EqualTo("\"1\""));
        }
    }

    [TestCase("base64", "b64_msg", "\"eyJhIjpbMV19\"")]
    [TestCase("utf8", "msg", "\"{\\\"a\\\":[1]}\"")]
    [TestCase("json", "json", "{\"a\":[1]}")]
    public async Task Read_Encoding_StandsAsAskedFor(string encoding, string member, string expected)
    {
        await Client.PublishAsync($"{_stream}.a", """{"a":[1]}""");

        var answer = (await DataAsync("GET", $"/v1/data/stream/{_stream}/message/1?encoding={encoding}")).Expect(200);

        Assert.That(JsonNode.DeepEquals(answer.Json[member], JsonNode.Parse(expected)), Is.True, answer.Text);
    }

    [Test]
    public async Task Read_JsonWithHalfACharacter_IsBase64()
    {
        await Client.PublishAsync($"{_stream}.a", "\"\\ud800\"");

        var one = (await DataAsync("GET", $"/v1/data/stream/{_stream}/message/1?encoding=json")).Expect(200);
        var last = (await DataAsync("GET", $"/v1/data/subject/{_stream}.a?encoding=json")).Expect(200);

        Assert.That(
            new[] { one, last }.Select(static answer => (string?)answer.Json["b64_msg"]), Is.All.EqualTo("Ilx1ZDgwMCI="));
    }

    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("18446744073709551616")]
    [TestCase("1.0")]
    [TestCase("x")]
    [TestCase("%201")]
    public async Task Read_NoSequence_IsRefused(string sequence) =>
        (await DataAsync("GET", $"/v1/data/stream/{_stream}/message/{sequence}")).Expect(400, "is not a number from 1 to");

    [TestCase("2")]
    [TestCase("18446744073709551615")]
    public async Task Read_WhatIsNotThere_IsNotFound(string sequence)
    {
        await Client.PublishAsync($"{_stream}.a", "m");

        var answer = (await DataAsync("GET", $"/v1/data/stream/{_stream}/message/{sequence}")).Expect(404);

        Assert.That((answer.Type, answer.Message), Is.EqualTo(
            ("message-not-found", $"Failed to read message {sequence} of stream {_stream}")));
        Assert.That((answer.Header("ETag"), answer.Header("Cache-Control")), Is.EqualTo(((string?)null, (string?)null)));
    }

    [Test]
    public async Task ReadLast_ByAndBy_IsTheNewestUnlessItIsKnown()
    {
        var path = $"/v1/data/subject/{_stream}.a";
        (await DataAsync("GET", path)).Expect(404, "no message found");
        await Client.PublishAsync($"{_stream}.a", "one");
        await Client.PublishAsync($"{_stream}.b", "other");

        var first = (await DataAsync("GET", path + "?encoding=utf8")).Expect(200);
        var known = await DataAsync("GET", path, headers: "If-None-Match: \"7\", W/\"1\"");
        var any = await DataAsync("GET", path, headers: "If-None-Match: *");
        await Client.PublishAsync($"{_stream}.a", "two");
        var second = (await DataAsync("GET", path + "?encoding=utf8", headers: "If-None-Match: \"1\"")).Expect(200);
        var broken = (await DataAsync("GET", path, headers: "If-None-Match: 3")).Expect(200);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((string)first.Json["msg"]!, first.Header("ETag"), first.Header("Cache-Control")), Is.EqualTo(
                ("one", "\"1\"", "no-cache, private")));
            Assert.That((known.Status, known.Text, known.Header("ETag")), Is.EqualTo((304, string.Empty, "\"1\"")));
            Assert.That(any.Status, Is.EqualTo(304));
            Assert.That(((string)second.Json["msg"]!, second.Header("ETag")), Is.EqualTo(("two", "\"3\"")));
            Assert.That(broken.Header("ETag"), Is.EqualTo("\"3\""));
        }
    }

    [Test]
    public async Task ReadLast_SubjectOfNoStreamOrNone_IsToldApart()
    {
        (await DataAsync("GET", $"/v1/data/subject/none{_stream}")).Expect(404, "no stream takes this subject");
        (await DataAsync("GET", $"/v1/data/subject/{_stream}.*")).Expect(400);
        (await DataAsync("GET", "/v1/data/subject/a..b")).Expect(400);
        (await DataAsync("GET", "/v1/data/subject/$JS.API.INFO")).Expect(400);
        (await DataAsync("GET", $"/v1/data/subject/{_stream}.a?encoding=hex")).Expect(400, "encoding: 'hex'");
    }
}
