using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;
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

    private static IEnumerable<TestCaseData> Routes()
    {
        yield return Route("POST /v1/admin/stream", """{"name":"s"}""", 403);
        yield return Route("GET /v1/admin/stream", null, 503);
        yield return Route("GET /v1/admin/stream/{stream}", null, 403);
        yield return Route("PUT /v1/admin/stream/{stream}/subject", """{"subjects":["a"]}""", 403);
        yield return Route("PUT /v1/admin/stream/{stream}/limit", "{}", 403);
        yield return Route("DELETE /v1/admin/stream/{stream}", null, 403);
        yield return Route("POST /v1/admin/stream/{stream}/consumer", """{"name":"c","mode":"pull","max_inflight":1}""", 403);
        yield return Route("GET /v1/admin/stream/{stream}/consumer", null, 403);
        yield return Route("GET /v1/admin/stream/{stream}/consumer/{consumer}", null, 403);
        yield return Route("DELETE /v1/admin/stream/{stream}/consumer/{consumer}", null, 403);
        yield return Route("GET /v1/admin/alive", null, 200);
        yield return Route("HEAD /v1/admin/alive", null, 200);
        yield return Route("GET /v1/admin/ready", null, 503);
        yield return Route("HEAD /v1/admin/ready", null, 503);
        yield return Route("GET /v1/data/stream/{stream}/consumer/{consumer}", null, 403);
        yield return Route("POST /v1/data/stream/{stream}/consumer/{consumer}/ack", """{"stream":1,"consumer":1}""", 403);
        yield return Route("POST /v1/data/stream/{stream}/consumer/{consumer}/settle", """{"nak":[{"stream":1,"consumer":1}]}""", 403);
        yield return Route("POST /v1/data/subject/{subject}", "not base64, and never looked at", 403);
        yield return Route("POST /v1/data/publish", """{"subject":"a","b64_msg":"aGk="}""", 200);
        yield return Route("GET /v1/data/alive", null, 200);
        yield return Route("HEAD /v1/data/alive", null, 200);
        yield return Route("GET /v1/data/ready", null, 503);
        yield return Route("HEAD /v1/data/ready", null, 503);
    }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _gateway = await Gateway.StartAsync("nats://127.0.0.1:1", callers: new Nobodies());
        _client = _gateway.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
    }

    [Test]
    public void Route_Each_IsTriedHere() =>
        Assert.That(Routes().Select(data => data.Properties.Get("route")), Is.EquivalentTo(_gateway.Routes));

    [TestCaseSource(nameof(Routes))]
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

    private static TestCaseData Route(string route, string? body, int status)
    {
        var (method, path) =
            (route.Split(' ')[0], route.Split(' ')[1].Replace("{stream}", "s").Replace("{consumer}", "c").Replace("{subject}", "a"));
        return new TestCaseData(method, path, body, status).SetArgDisplayNames(route).SetProperty("route", route);
    }

    private sealed class Nobodies : ICallerSource
    {
        public Caller Find(HttpContext context) => Nobody;
    }
}
