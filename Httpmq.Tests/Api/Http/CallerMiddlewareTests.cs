using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Support;
using Microsoft.AspNetCore.Http;
using Moq;

namespace Httpmq.Tests.Api.Http;

/// <summary>Every route, asked by a caller who may do nothing. NATS is not there: nobody gets as far as asking it.</summary>
internal sealed class CallerMiddlewareTests
{
    private static readonly Caller Nobody = new("nobody", new Mock<Permissions>().Object);

    private Gateway _gateway = null!;
    private GatewayClient _client = null!;

    /// <summary>A request of each route, and what is answered to a caller who may do nothing.</summary>
    internal static IEnumerable<SampleRequest> Routes()
    {
        yield return Route("POST /v1/admin/stream", """{"name":"s"}""", 403);
        yield return Route("GET /v1/admin/stream", null, 503);
        yield return Route("GET /v1/admin/stream/{stream}", null, 403);
        yield return Route("PUT /v1/admin/stream/{stream}/subject", """{"subjects":["a"]}""", 403);
        yield return Route("PUT /v1/admin/stream/{stream}/limit", "{}", 403);
        yield return Route("PUT /v1/admin/stream/{stream}", "{}", 403);
        yield return Route("PUT /v1/admin/stream/{stream}/consumer/{consumer}", "{}", 403);
        yield return Route("DELETE /v1/admin/stream/{stream}", null, 403);
        yield return Route("POST /v1/admin/stream/{stream}/consumer", """{"name":"c","mode":"pull","max_inflight":1}""", 403);
        yield return Route("GET /v1/admin/stream/{stream}/consumer", null, 403);
        yield return Route("GET /v1/admin/stream/{stream}/consumer/{consumer}", null, 403);
        yield return Route("DELETE /v1/admin/stream/{stream}/consumer/{consumer}", null, 403);
        yield return Route("POST /v1/admin/stream/{stream}/purge", "{}", 403);
        yield return Route("GET /v1/admin/stream/{stream}/subject", null, 403);
        yield return Route("GET /v1/admin/stream/{stream}/message/{sequence}", null, 403);
        yield return Route("DELETE /v1/admin/stream/{stream}/message/{sequence}", null, 403);
        yield return Route("POST /v1/admin/stream/{stream}/consumer/{consumer}/pause", """{"until":"2099-01-15T09:30:00Z"}""", 403);
        yield return Route("POST /v1/admin/stream/{stream}/consumer/{consumer}/resume", null, 403);
        yield return Route("POST /v1/admin/stream/{stream}/consumer/{consumer}/reset", "{}", 403);
        yield return Route("POST /v1/admin/stream/{stream}/consumer/{consumer}/unpin", """{"group":"g"}""", 403);
        yield return Route("GET /v1/admin/info", null, 403);
        yield return Route("GET /v1/admin/alive", null, 200);
        yield return Route("HEAD /v1/admin/alive", null, 200);
        yield return Route("GET /v1/admin/ready", null, 503);
        yield return Route("HEAD /v1/admin/ready", null, 503);
        yield return Route("GET /v1/data/stream/{stream}/consumer/{consumer}", null, 403);
        yield return Route("POST /v1/data/stream/{stream}/consumer/{consumer}/ack", """{"stream":1,"consumer":1}""", 403);
        yield return Route("POST /v1/data/stream/{stream}/consumer/{consumer}/settle", """{"nak":[{"stream":1,"consumer":1}]}""", 403);
        yield return Route("POST /v1/data/stream/{stream}/consumer/{consumer}/pull", "{}", 403);
        yield return Route("POST /v1/data/stream/{stream}/consumer/{consumer}/duplex", "{}", 403);
        yield return Route("GET /v1/data/stream/{stream}/message/{sequence}", null, 403);
        yield return Route("GET /v1/data/stream/{stream}/message", null, 403);
        yield return Route("GET /v1/data/subject/{subject}", null, 403);
        yield return Route("POST /v1/data/subject/{subject}", "not base64, and never looked at", 403);
        yield return Route("POST /v1/data/publish", """{"subject":"a","b64_msg":"aGk="}""", 200);
        yield return Route("GET /v1/data/alive", null, 200);
        yield return Route("HEAD /v1/data/alive", null, 200);
        yield return Route("GET /v1/data/ready", null, 503);
        yield return Route("HEAD /v1/data/ready", null, 503);
    }

    private static IEnumerable<TestCaseData> Requests() => Routes().Select(static route =>
        new TestCaseData(route.Method, route.Path, route.Body, route.Status).SetArgDisplayNames(route.Name));

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _gateway = await Gateway.StartAsync("nats://127.0.0.1:1", callers: new Always(Nobody));
        _client = _gateway.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
    }

    [Test]
    public void Route_Each_IsTriedHere() => Assert.That(
        Routes().Select(static route => route.Name).Concat(
        [
            "CONNECT /v1/data/stream/{stream}/consumer/{consumer}", "CONNECT /v1/data/stream/{stream}/message",
        ]),
        Is.EquivalentTo(_gateway.Routes));

    [TestCase("1.1")]
    [TestCase("2.0")]
    public void WebSocket_CallerMayDoNothing_IsRefused(string version)
    {
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        using var http = new HttpMessageInvoker(new SocketsHttpHandler());
        var path = new UriBuilder(new Uri(_gateway.Dataplane, "/v1/data/stream/s/consumer/c")) { Scheme = "ws" }.Uri;

        Assert.ThrowsAsync<WebSocketException>(async () => await socket.ConnectAsync(path, http, CancellationToken.None));
        Assert.That(socket.HttpStatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [TestCaseSource(nameof(Requests))]
    public async Task Request_CallerMayDoNothing_IsRefusedUnlessItIsOpenToAll(string method, string path, string? body, int status)
    {
        var api = path.StartsWith("/v1/admin", StringComparison.Ordinal) ? _gateway.Management : _gateway.Dataplane;
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        var (answered, text) = await _client.SendRawAsync(new HttpMethod(method), new Uri(api, path), content);

        Assert.That((int)answered, Is.EqualTo(status), text);
        if (answered is HttpStatusCode.Forbidden)
        {
            var error = JsonNode.Parse(text)!["error"]!;
            Assert.That($"{error["type"]}: {error["detail"]}", Does.StartWith("not-permitted: nobody may not "));
        }
    }

    [Test]
    public async Task Batch_CallerMayDoNothing_RefusesEachRecord()
    {
        using var records = new StringContent("{\"subject\":\"a\",\"b64_msg\":\"aGk=\"}\n{\"subject\":\"b\",\"b64_msg\":\"aGk=\"}\n");

        var (_, text) = await _client.SendRawAsync(HttpMethod.Post, new Uri(_gateway.Dataplane, "/v1/data/publish"), records);

        var errors = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!["error"]!);
        Assert.That(
            errors.Select(error => ((int)error["code"]!, (string)error["detail"]!)),
            Is.EqualTo(new[] { (403, "nobody may not publish to subject 'a'"), (403, "nobody may not publish to subject 'b'") }));
    }

    [Test]
    public async Task Publish_ScheduleToASubjectThatTheCallerMayNotPublishTo_IsRefused()
    {
        var permissions = new Mock<Permissions>();
        permissions.Setup(static may => may.Publish(It.IsAny<Subject>())).Returns<Subject>(static subject => subject.Value is "a");
        await using var gateway = await Gateway.StartAsync(
            "nats://127.0.0.1:1", callers: new Always(new Caller("shop", permissions.Object)));
        using var client = gateway.Client();
        using var message = new StringContent("aGk=");
        message.Headers.Add("Nats-Schedule", "@hourly");
        message.Headers.Add("Nats-Schedule-Target", "b");

        var answer = await client.DataAsync(HttpMethod.Post, "/v1/data/subject/a", message);

        Assert.That((answer.Status, answer.Detail), Is.EqualTo((HttpStatusCode.Forbidden, "shop may not publish to subject 'b'")));
    }

    private static SampleRequest Route(string route, string? body, int status)
    {
        var path = route.Split(' ')[1].Replace("{stream}", "s").Replace("{consumer}", "c").Replace("{subject}", "a")
            .Replace("{sequence}", "1");
        return new SampleRequest(route, route.Split(' ')[0], path, body, status);
    }

    private sealed class Always(Caller caller) : ICallerSource
    {
        public ValueTask<Identification> FindAsync(HttpContext context) => new(new Identification(caller));
    }
}

/// <summary>A request of one route.</summary>
/// <param name="Name">The route, such as <c>GET /v1/admin/stream/{stream}</c>.</param>
/// <param name="Method">Its method.</param>
/// <param name="Path">The path, filled in.</param>
/// <param name="Body">The body; null: none.</param>
/// <param name="Status">What a caller is answered who may do nothing.</param>
internal sealed record SampleRequest(string Name, string Method, string Path, string? Body, int Status);
