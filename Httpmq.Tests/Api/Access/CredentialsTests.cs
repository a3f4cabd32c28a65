using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Access;

/// <summary>What a request shows of its sender, over sockets. NATS is not there: who is let through is answered 503.</summary>
internal sealed class CredentialsTests
{
    private const string Yaml = """
        auth:
          api_keys:
            - { name: shop, sha256: ["{sha256:shop-key}", "{sha256:shop-key-2}"], roles: [writer] }
            - { name: audit, sha256: "{sha256:audit-key}", roles: [reader] }
          roles:
            writer: { publish: { allow: [orders.>], deny: [orders.audit.>] } }
            reader: { read: { allow: [orders.>], deny: ["orders.*.secret"] } }
        """;

    private Gateway _gateway = null!;
    private HttpClient _http = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _gateway = await Gateway.StartAsync("nats://127.0.0.1:1", access: AccessFile.Callers(Yaml));
        _http = new HttpClient();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _http.Dispose();
        await _gateway.DisposeAsync();
    }

    [TestCase("Authorization: Bearer shop-key", 503)]
    [TestCase("Authorization: bearer   shop-key", 503)]
    [TestCase("X-API-Key: shop-key-2", 503)]
    [TestCase("X-API-Key: audit-key", 403)]
    [TestCase("", 401)]
    [TestCase("X-API-Key: ", 401)]
    [TestCase("X-API-Key: shop-key2", 401)]
    [TestCase("X-API-Key: SHOP-KEY", 401)]
    [TestCase("Authorization: Bearer ", 401)]
    [TestCase("Authorization: Bearer", 401)]
    [TestCase("Authorization: ", 401)]
    [TestCase("Authorization: shop-key", 401)]
    [TestCase("Authorization: Basic shop-key", 401)]
    [TestCase("Authorization: Bearer shop-key, Bearer audit-key", 401)]
    [TestCase("Authorization: Bearer shop-key|X-API-Key: shop-key", 400)]
    [TestCase("Authorization: Bearer shop-key|Authorization: Bearer audit-key", 400)]
    [TestCase("X-API-Key: shop-key|X-API-Key: shop-key", 400)]
    [TestCase("X-API-Key: |Authorization: Bearer shop-key", 400)]
    public async Task Publish_Shown_IsKnownOrRefused(string headers, int status)
    {
        var lines = headers.Split('|', StringSplitOptions.RemoveEmptyEntries);
        var request = $"POST /v1/data/subject/orders.new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n"
            + $"{string.Concat(lines.Select(static line => $"{line}\r\n"))}\r\naGk=";

        var answer = await RawHttp.SendExactlyAsync(_gateway.Dataplane, request);

        Assert.That(answer, Does.StartWith($"HTTP/1.1 {status} "));
        Assert.That(answer.Contains("WWW-Authenticate: Bearer realm=\"httpmq\"", StringComparison.Ordinal), Is.EqualTo(status == 401));
        Assert.That(answer, Does.Not.Contain("shop-key").And.Not.Contain("audit-key"));
    }

    [Test]
    public async Task Publish_LongKey_IsUnknown()
    {
        using var request = Publish("orders.new", new string('k', 20_000));
        using var answer = await _http.SendAsync(request);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [TestCase("access_token=shop-key")]
    [TestCase("API_KEY=shop-key")]
    [TestCase("x-api-key=shop-key")]
    [TestCase("encoding=raw&access%5Ftoken=shop-key")]
    public async Task Publish_KeyInTheUrl_IsRefusedAndNotRepeated(string query)
    {
        using var request = Publish("orders.new", "shop-key");
        request.RequestUri = new Uri($"{request.RequestUri}?{query}");
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That((string?)JsonNode.Parse(text)!["error"]!["type"], Is.EqualTo("invalid-credentials"));
            Assert.That(text, Does.Not.Contain("shop-key"));
        }
    }

    [TestCase("orders.audit.x", "shop may not publish to subject 'orders.audit.x'")]
    [TestCase("orders%2Eaudit%2Ex", "shop may not publish to subject 'orders.audit.x'")]
    [TestCase("invoices.x", "shop may not publish to subject 'invoices.x'")]
    [TestCase("Orders.new", "shop may not publish to subject 'Orders.new'")]
    public async Task Publish_OtherSubject_IsRefused(string subject, string detail)
    {
        using var request = Publish(subject, "shop-key");
        using var answer = await _http.SendAsync(request);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(
            (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["error"]!["detail"], Is.EqualTo(detail));
    }

    [TestCase("Nats-Rollup: sub", 503)]
    [TestCase("Nats-Rollup: all", 403)]
    [TestCase("Nats-Schedule: @hourly|Nats-Schedule-Target: orders.y", 503)]
    [TestCase("Nats-Schedule: @hourly|Nats-Schedule-Target: orders.audit.y", 403)]
    [TestCase("Nats-Schedule: @hourly|Nats-Schedule-Target: orders.y|Nats-Schedule-Source: orders.z", 403)]
    [TestCase("Nats-Expected-Last-Subject-Sequence: 1|Nats-Expected-Last-Subject-Sequence-Subject: orders.x.*", 503)]
    [TestCase("Nats-Expected-Last-Subject-Sequence: 1|Nats-Expected-Last-Subject-Sequence-Subject: orders.>", 403)]
    public async Task Publish_HeaderThatReachesFurther_NeedsMore(string headers, int status)
    {
        using var alone = Publish("orders.x", "shop-key");
        using var batch = Publish("orders.x", "shop-key");
        var fields = headers.Split('|').Select(static line => line.Split(": ")).ToArray();
        Array.ForEach(fields, field => alone.Headers.Add(field[0], field[1]));
        batch.RequestUri = new Uri(_gateway.Dataplane, "/v1/data/publish");
        var json = string.Join(',', fields.Select(static field => $"\"{field[0]}\":\"{field[1]}\""));
        batch.Content = new StringContent($"{{\"subject\":\"orders.x\",\"msg\":\"x\",\"headers\":{{{json}}}}}");
        using var first = await _http.SendAsync(alone);
        using var second = await _http.SendAsync(batch);
        var line = JsonNode.Parse(await second.Content.ReadAsStringAsync())!;

        Assert.That(((int)first.StatusCode, (int)line["error"]!["code"]!), Is.EqualTo((status, status)), $"{line}");
    }

    [TestCase("?subject=orders.x", 503)]
    [TestCase("?subject=orders.x.public", 503)]
    [TestCase("?subject=orders.*", 503)]
    [TestCase("?subject=orders.*.secret", 403)]
    [TestCase("?subject=orders.x.*", 403)]
    [TestCase("?subject=orders.%3E", 403)]
    [TestCase("?subject=%3E", 403)]
    [TestCase("?subject=*.x", 403)]
    [TestCase("?subject=orders.x&subject=invoices.x", 403)]
    [TestCase("", 403)]
    public async Task Replay_Filter_IsPermittedWhereAllOfItIs(string query, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_gateway.Dataplane, $"/v1/data/stream/s/message{query}"));
        request.Headers.Add("X-API-Key", "audit-key");
        using var answer = await _http.SendAsync(request);

        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task Batch_MixedRecords_EachIsJudgedByItself()
    {
        using var request = Publish("orders.new", "shop-key");
        request.RequestUri = new Uri(_gateway.Dataplane, "/v1/data/publish");
        request.Content = new StringContent(string.Concat(
            new[] { "orders.audit.x", "orders.x", "invoices.x" }
                .Select(static subject => $$"""{"subject":"{{subject}}","msg":"x"}""" + "\n")));
        using var answer = await _http.SendAsync(request);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.That(lines.Select(static line => (int)JsonNode.Parse(line)!["error"]!["code"]!), Is.EqualTo(new[] { 403, 503, 403 }));
    }

    [Test]
    public async Task Connection_OfTwoPrincipals_EachIsTheirOwn()
    {
        using var http = new HttpClient(new SocketsHttpHandler { EnableMultipleHttp2Connections = false })
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        foreach (var (key, status) in new[] { ("shop-key", 503), ("audit-key", 403), ("shop-key", 503), (null, 401), ("wrong", 401) })
        {
            using var request = Publish("orders.new", key);
            using var answer = await http.SendAsync(request);

            Assert.That((int)answer.StatusCode, Is.EqualTo(status), key);
        }
    }

    [TestCase("/v1/data/alive", 200)]
    [TestCase("/v1/data/ready", 503)]
    [TestCase("/v1/data/nothing", 404)]
    [TestCase("/v1/data/publish", 405)]
    [TestCase("/errors/unauthenticated", 200)]
    [TestCase("/swagger/v1/swagger.json", 200)]
    public async Task Get_OpenToAll_IsAnsweredWithoutAKeyAndWithAWrongOne(string path, int status)
    {
        foreach (var key in new[] { null, "wrong" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_gateway.Dataplane, path));
            Show(request, key);
            using var answer = await _http.SendAsync(request);

            Assert.That((int)answer.StatusCode, Is.EqualTo(status), key);
        }
    }

    [Test]
    public async Task Documents_Closed_AreForThoseWhoShowAKey()
    {
        var closed = Yaml.Replace("auth:", "auth:\n  open_documents: false", StringComparison.Ordinal);
        await using var gateway = await Gateway.StartAsync("nats://127.0.0.1:1", access: AccessFile.Callers(closed));
        foreach (var (key, status) in new[] { (null, 401), ("wrong", 401), ("shop-key", 200) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Management, "/swagger/v1/swagger.json"));
            Show(request, key);
            using var answer = await _http.SendAsync(request);

            Assert.That((int)answer.StatusCode, Is.EqualTo(status), key);
        }
    }

    [Test]
    public async Task Anonymous_WithARole_IsToldToShowAKeyForTheRest()
    {
        await using var gateway = await Gateway.StartAsync(
            "nats://127.0.0.1:1", access: AccessFile.Callers("auth: {anonymous: [w], roles: {w: {publish: {allow: [orders.>]}}}}"));
        using var permitted = Publish("orders.new", key: null, gateway);
        using var refused = Publish("invoices.new", key: null, gateway);
        using var first = await _http.SendAsync(permitted);
        using var second = await _http.SendAsync(refused);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)first.StatusCode, Is.EqualTo(503));
            Assert.That((int)second.StatusCode, Is.EqualTo(401));
            Assert.That($"{second.Headers.WwwAuthenticate}", Is.EqualTo("Bearer realm=\"httpmq\""));
            Assert.That(
                (string?)JsonNode.Parse(await second.Content.ReadAsStringAsync())!["error"]!["detail"],
                Is.EqualTo("anonymous may not publish to subject 'invoices.new'; send a key as 'Authorization: Bearer <key>' or "
                    + "'X-API-Key: <key>'"));
        }
    }

    private HttpRequestMessage Publish(string subject, string? key, Gateway? gateway = null)
    {
        var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri((gateway ?? _gateway).Dataplane, $"/v1/data/subject/{subject}"))
        {
            Content = new StringContent("aGk="),
        };
        Show(request, key);
        return request;
    }

    private static void Show(HttpRequestMessage request, string? key)
    {
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }
    }
}
