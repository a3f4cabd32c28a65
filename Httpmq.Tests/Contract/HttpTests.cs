using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Section 2: what holds for every request.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class HttpTests(string version) : ContractTest(version)
{
    [TestCase("application/json")]
    [TestCase("application/octet-stream")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("multipart/form-data; boundary=x")]
    [TestCase("text/plain; charset=utf-16")]
    [TestCase("application/xml")]
    [TestCase("nonsense")]
    [TestCase("")]
    [TestCase(null)]
    public async Task Body_AnyContentType_IsRead(string? contentType)
    {
        var stream = SharedServers.NewName();
        var header = contentType is null ? null : $"Content-Type: {contentType}";

        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}"}""", header)).Expect(200);
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/limit", """{"max_msgs":7}""", header)).Expect(200);
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/subject", $$"""{"subjects":["{{stream}}","{{stream}}.b"]}""", header))
            .Expect(200);
        (await ManageAsync("POST", $"/v1/admin/stream/{stream}/consumer", """{"name":"c","mode":"pull","max_inflight":1}""", header))
            .Expect(200);
        (await DataAsync("POST", $"/v1/data/subject/{stream}", "aGk=", header)).Expect(200);
        (await DataAsync("POST", $"/v1/data/stream/{stream}/consumer/c/ack", """{"stream":9,"consumer":9}""", header)).Expect(
            404, "never sent");
    }

    [TestCase("gzip")]
    [TestCase("br")]
    [TestCase("identity, gzip")]
    [TestCase("nonsense")]
    public async Task Body_Compressed_Is415OnEveryRoute(string encoding)
    {
        var header = $"Content-Encoding: {encoding}";
        WireAnswer[] answers =
        [
            await ManageAsync("POST", "/v1/admin/stream", "{}", header),
            await ManageAsync("PUT", "/v1/admin/stream/s/limit", "{}", header),
            await ManageAsync("PUT", "/v1/admin/stream/s/subject", "{}", header),
            await ManageAsync("POST", "/v1/admin/stream/s/consumer", "{}", header),
            await DataAsync("POST", "/v1/data/subject/s", "aGk=", header),
            await DataAsync("POST", "/v1/data/publish", "{}", header),
            await DataAsync("POST", "/v1/data/stream/s/consumer/c/ack", "{}", header),
        ];
        foreach (var answer in answers)
        {
            answer.Expect(415, $"Content-Encoding: '{encoding.Split(' ')[^1]}'");
            Assert.That(answer.Header("Accept-Encoding"), Is.EqualTo("identity"));
        }
    }

    [TestCase("identity")]
    [TestCase("IDENTITY")]
    [TestCase("")]
    public async Task Body_NotCompressedAndSaidSo_IsRead(string encoding) =>
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{SharedServers.NewName()}}"}""", $"Content-Encoding: {encoding}"))
            .Expect(200);

    [Test]
    public async Task Body_CompressedOnAnUnknownPathOrMethod_Is404Or405()
    {
        (await ManageAsync("POST", "/nope", "{}", "Content-Encoding: gzip")).Expect(404);
        (await ManageAsync("PATCH", "/v1/admin/stream", "{}", "Content-Encoding: gzip")).Expect(405);
    }

    [TestCase("application/json")]
    [TestCase("application/xml")]
    [TestCase("text/html;q=0")]
    [TestCase("*/*")]
    [TestCase("nonsense")]
    public async Task Accept_Anything_IsAnsweredWithJson(string accept) =>
        (await ManageAsync("GET", "/v1/admin/alive", headers: $"Accept: {accept}")).Expect(200);

    [Test]
    public async Task RequestId_Absent_IsAFreshUuid()
    {
        var first = await ManageAsync("GET", "/v1/admin/alive");
        var second = await ManageAsync("GET", "/v1/admin/alive");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Guid.TryParse(first.Expect(200).RequestId, out _), Is.True);
            Assert.That(second.RequestId, Is.Not.EqualTo(first.RequestId));
        }
    }

    [TestCase("my-id-123")]
    [TestCase("a \"b\" <c>&d \\ ,;")]
    [TestCase("é ü 漢字 😀")]
    public async Task RequestId_Given_IsEchoedInHeaderAndBody(string id)
    {
        foreach (var path in new[] { "/v1/admin/alive", "/v1/admin/stream/absent", "/v1/admin/stream/bad.name", "/nope" })
        {
            var answer = await ManageAsync("GET", path, headers: $"{WireAnswer.RequestIdHeader}: {id}");
            Assert.That(answer.Expect(answer.Status).RequestId, Is.EqualTo(id), path);
        }
    }

    [Test]
    public async Task RequestId_Empty_IsAFreshUuid() =>
        Assert.That(Guid.TryParse((await ManageAsync("GET", "/v1/admin/alive", headers: $"{WireAnswer.RequestIdHeader}:"))
            .Expect(200).RequestId, out _), Is.True);

    [Test]
    public async Task RequestId_LowerCaseHeader_IsEchoed() =>
        Assert.That(
            (await ManageAsync("GET", "/v1/admin/alive", headers: "httpmq-request-id: low")).Expect(200).RequestId, Is.EqualTo("low"));

    [Test]
    public async Task RequestId_LongOne_IsEchoed()
    {
        var id = new string('x', 5000);
        Assert.That((await ManageAsync("GET", "/v1/admin/alive", headers: $"{WireAnswer.RequestIdHeader}: {id}"))
            .Expect(200).RequestId, Is.EqualTo(id));
    }

    [TestCase('\u0001')]
    [TestCase('\u007F')]
    public async Task RequestId_WithAControlCharacter_Is400(char control)
    {
        var answer = await RawHttp.SendAsync(
            Gateway.Management, $"GET /v1/admin/alive HTTP/1.1\n{WireAnswer.RequestIdHeader}: a{control}b");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(400), answer);
            Assert.That(answer, Does.Contain($"{WireAnswer.RequestIdHeader}: the value has a control character (U+{(int)control:X4})"));
        }
    }

    [TestCase("GET", "/")]
    [TestCase("GET", "/nope")]
    [TestCase("GET", "/v1/admin/alive/")]
    [TestCase("GET", "/v1/admin/alivex")]
    [TestCase("GET", "/v1/ADMIN/alive")]
    [TestCase("POST", "/v1/ADMIN/alive", Description = "no 405 either: the path is unknown")]
    [TestCase("PUT", "/v1/admin/stream/")]
    [TestCase("DELETE", "/v1/admin/Stream/foo/consumer")]
    [TestCase("GET", "//v1/admin/alive")]
    [TestCase("GET", "/v1/admin/stream/")]
    [TestCase("GET", "/v1/admin/stream/foo/unknown")]
    [TestCase("GET", "/v1/admin/stream/foo/consumer/bar/baz")]
    [TestCase("GET", "/v1/admin/stream//consumer")]
    [TestCase("GET", "/v1/data/alive", Description = "a route of the other port")]
    [TestCase("POST", "/v1/data/subject/foo", Description = "a route of the other port")]
    public async Task Path_Unknown_Is404(string method, string path) => (await ManageAsync(method, path)).Expect(404);

    [TestCase("GET", "/v1/admin/alive")]
    [TestCase("GET", "/v1/admin/stream")]
    [TestCase("POST", "/v1/data/subject/")]
    [TestCase("POST", "/v1/data/subject")]
    [TestCase("POST", "/v1/data/subject/a/b")]
    [TestCase("POST", "/v1/data/Subject/a")]
    public async Task Path_UnknownOnDataplane_Is404(string method, string path) => (await DataAsync(method, path, "aGk=")).Expect(404);

    [TestCase("POST", "/v1/admin/alive", "GET, HEAD")]
    [TestCase("OPTIONS", "/v1/admin/ready", "GET, HEAD")]
    [TestCase("PATCH", "/v1/admin/stream", "GET, POST")]
    [TestCase("PATCH", "/v1/admin/stream/foo", "DELETE, GET, PUT")]
    [TestCase("POST", "/v1/admin/stream/foo/subject", "GET, PUT")]
    [TestCase("POST", "/v1/admin/stream/foo/limit", "PUT")]
    [TestCase("DELETE", "/v1/admin/stream/foo/consumer", "GET, POST")]
    [TestCase("PATCH", "/v1/admin/stream/foo/consumer/bar", "DELETE, GET, PUT")]
    [TestCase("BREW", "/v1/admin/stream", "GET, POST")]
    public async Task Method_NotOfTheRoute_Is405WithAllow(string method, string path, string allow)
    {
        var answer = (await ManageAsync(method, path)).Expect(405, method);
        Assert.That(answer.Header("Allow")!.Split(", ").Order(StringComparer.Ordinal), Is.EqualTo(allow.Split(", ")));
    }

    [TestCase("PUT", "/v1/data/subject/foo", "GET, POST")]
    [TestCase("POST", "/v1/data/stream/foo/consumer/bar", "GET")]
    [TestCase("GET", "/v1/data/stream/foo/consumer/bar/ack", "POST")]
    public async Task Method_NotOfTheDataRoute_Is405WithAllow(string method, string path, string allow) =>
        Assert.That((await DataAsync(method, path)).Expect(405).Header("Allow"), Is.EqualTo(allow));

    [Test]
    public async Task Head_OfAGetRoute_Is405WithoutBody()
    {
        var answer = await ManageAsync("HEAD", "/v1/admin/stream/foo/consumer/bar");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(405));
            Assert.That(answer.Header("Allow"), Is.EqualTo("DELETE, GET, PUT"));
            Assert.That(answer.RequestId, Is.Not.Empty);
            Assert.That(answer.Text, Is.Empty);
        }
    }

    [Test]
    public async Task Query_OnAnyRoute_IsIgnored() => (await ManageAsync("GET", "/v1/admin/alive?x=1&stream=y")).Expect(200);

    [Test]
    public async Task Query_WithARouteParametersName_DoesNotReplaceIt() =>
        (await ManageAsync("GET", "/v1/admin/stream/absent?stream=other")).Expect(404, "stream not found (err_code 10059)");

    [Test]
    public async Task Success_OfAnything_HoldsNoServerHeader() =>
        Assert.That((await ManageAsync("GET", "/v1/admin/alive")).Header("Server"), Is.Null);

    [Test]
    public async Task Answer_WithMarkupInAName_IsReadableJson() =>
        (await ManageAsync("POST", "/v1/admin/stream", """{"name":"<b>&\"é"}""")).Expect(400, "'<b>&\"é'");

    [Test]
    public async Task Body_AboveTheLimit_Is413AndTheConnectionGoesOn()
    {
        var large = new string(' ', (8 * 1024 * 1024) + 1);
        (await ManageAsync("POST", "/v1/admin/stream", large)).Expect(413);
        (await ManageAsync("GET", "/v1/admin/alive")).Expect(200);
    }

    [Test]
    public async Task Body_OfManyWindows_IsReadOnBothProtocols()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream", new string(' ', 7 * 1024 * 1024) + $$"""{"name":"{{stream}}"}""")).Expect(200);
    }

    [TestCase("GET /v1/admin/alive HTTP/1.1\nbroken header", 400)]
    [TestCase("GET /v1/admin/stream/%00 HTTP/1.1", 400)]
    [TestCase("POST /v1/admin/stream HTTP/1.1\nTransfer-Encoding: chunked\n\nzz", 400)]
    [TestCase("POST /v1/admin/stream HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\nfffffffffffffffff4\n{}", 400)]
    [TestCase("POST /v1/admin/stream HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n80000000\n{}", 400)]
    public async Task Request_BrokenOnTheWire_IsRefusedAndTheProcessLives(string head, int status)
    {
        var answer = await RawHttp.SendAsync(Gateway.Management, head);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(status), answer);
            Assert.That((await ManageAsync("GET", "/v1/admin/alive")).Status, Is.EqualTo((int)HttpStatusCode.OK));
        }
    }
}
