using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>
/// What only HTTP/1.1 has: chunks, <c>Expect</c>, one request behind the other, and answers of the server itself. HTTP/2 ends the stream
/// instead.
/// </summary>
internal sealed class Http1Tests() : ContractTest("1.1")
{
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, _stream);
    }

    [Test]
    public async Task Connection_AfterEveryRefusal_CarriesTheNextRequest()
    {
        const string Bad = "POST /v1/admin/stream HTTP/1.1\nContent-Length: 5\nHost: localhost\n\nhelloPOST /v1/data/nope "
            + "HTTP/1.1\nContent-Length: 2\nHost: localhost\n\n{}GET /v1/admin/alive HTTP/1.1\nConnection: close";
        var answers = await RawHttp.SendAllAsync(Gateway.Management, Bad);
        Assert.That(answers.Split("HTTP/1.1 ").Skip(1).Select(answer => answer[..3]), Is.EqualTo(new[] { "400", "404", "200" }));
    }

    /// <summary>What the server refuses before any route sees it.</summary>
    [TestCase("GET /v1/admin/stream/%00 HTTP/1.1", 400, "%00")]
    [TestCase("GET /v1/admin/stream/\0 HTTP/1.1", 400, "")]
    [TestCase("GET /v1/admin/alive HTTP/1.1\nbroken header", 400, "header")]
    [TestCase("GET /v1/admin/alive HTTP/1.1\nX: <32k>", 431, "header")]
    [TestCase("GET /v1/admin/alive HTTP/2.5", 505, "HTTP")]
    [TestCase("hello", 400, "")]
    public async Task Request_RefusedByTheServerItself_HasTheBodyOfAFailure(string head, int status, string detail)
    {
        var answer = await RawHttp.SendAllAsync(
            Gateway.Management, head.Replace("<32k>", new string('x', 64 * 1024), StringComparison.Ordinal));
        var parts = answer.Split("\r\n\r\n", 2);
        var json = JsonNode.Parse(parts[1])!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(status), answer);
            Assert.That(parts[0].Split("\r\n"), Does.Contain("Content-Type: application/json").And.Contain("Connection: close").And.Contain(
                $"Content-Length: {parts[1].Length}"));
            Assert.That(parts[0].Split("\r\n"), Does.Contain($"Httpmq-Request-ID: {(string)json["request_id"]!}"));
            Assert.That((bool)json["success"]!, Is.False);
            Assert.That((int)json["error"]!["code"]!, Is.EqualTo(status));
            Assert.That((string)json["error"]!["detail"]!, Does.Contain(detail).And.Not.Empty);
            Assert.That((string)json["error"]!["type"]!, Is.EqualTo(HttpErrorTypes.OfRejection(status).Slug));
        }
    }

    [Test]
    public async Task Request_RefusedByTheServerItselfBehindAnother_FollowsItsAnswer()
    {
        var answers = await RawHttp.SendAllAsync(
            Gateway.Management, "GET /v1/admin/alive HTTP/1.1\nHost: localhost\n\nHEAD /v1/admin/alive HTTP/1.1\nbroken header");
        Assert.That(answers.Split("HTTP/1.1 ").Skip(1).Select(answer => answer[..3]), Is.EqualTo(new[] { "200", "400" }));
        Assert.That(answers, Does.EndWith("\r\n\r\n"), "HEAD has no body");
    }

    [Test]
    public async Task Size_EndlessBody_IsAnsweredBeforeItEnds()
    {
        var chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string('A', 65536) + "\r\n");
        var endless = Enumerable.Repeat((ReadOnlyMemory<byte>)chunk, 1_000_000);
        var answer = await RawHttp.SendAsync(
            Gateway.Dataplane, $"POST /v1/data/subject/{_stream} HTTP/1.1\nTransfer-Encoding: chunked", endless);
        Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(413), answer);
    }

    [Test]
    public async Task Size_AnnouncedWithExpect_Is413WithoutTheBody()
    {
        var answer = await RawHttp.SendAsync(
            Gateway.Dataplane, $"POST /v1/data/subject/{_stream} HTTP/1.1\nContent-Length: 100000000\nExpect: 100-continue");
        Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(413), answer);
    }

    /// <summary>The records before it were taken and are told; what follows cannot be told from the chunk.</summary>
    [TestCase("zz")]
    [TestCase("fffffffffffffffff4")]
    [TestCase("80000000")]
    public async Task Publish_ChunkThatIsNone_IsTheLastLine(string size)
    {
        const string Head = "POST /v1/data/publish HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        var record = $$"""{"subject":"{{_stream}}","b64_msg":"b25l"}""" + "\n";
        var answer = await RawHttp.SendExactlyAsync(
            SharedServers.Gateway.Dataplane, $"{Head}{record.Length:x}\r\n{record}\r\n{size}\r\nmore");

        var lines = answer.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonNode.Parse(line)!).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer, Does.StartWith("HTTP/1.1 200 ").And.EndsWith("\r\n0\r\n\r\n"));
            Assert.That(lines.Select(line => (int)line["line"]!), Is.EqualTo(Enumerable.Range(1, lines.Length)));
            Assert.That(lines.SkipLast(1).Select(line => (bool)line["success"]!), Is.All.True);
            Assert.That((int)lines[^1]["error"]!["code"]!, Is.EqualTo(400));
            Assert.That((string)lines[^1]["error"]!["detail"]!, Does.Contain("the size of a chunk"));
            Assert.That((int)(await Client.StreamAsync(_stream))["state"]!["messages"]!, Is.EqualTo(lines.Length - 1));
        }
    }
}
