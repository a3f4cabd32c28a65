using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Api.RateLimits;
using Httpmq.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Httpmq.Tests.Api.RateLimits;

/// <summary>
/// What each request takes, over sockets. NATS is not there: who is let through is answered 503. No permit comes while a test runs.
/// </summary>
internal sealed class RequestLimitTests
{
    private const string Yaml = """
        auth:
          anonymous: [writer]
          open_documents: false
          api_keys:
            - { name: shop, sha256: "{sha256:shop}", roles: [writer] }
            - { name: other, sha256: "{sha256:other}", roles: [writer] }
          roles: { writer: { publish: { allow: [">"] } } }
        """;

    private static readonly Rate Two = new(0.001, 2);

    private RateLimiter _rates = null!;
    private Gateway _gateway = null!;
    private HttpClient _http = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _rates = new RateLimiter(settings: null);
        _gateway = await Gateway.StartAsync("nats://127.0.0.1:1", access: AccessFile.Callers(Yaml), rates: _rates);
        _http = new HttpClient();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _http.Dispose();
        await _gateway.DisposeAsync();
    }

    [TearDown]
    public void LiftLimits() => _rates.Replace(null);

    [Test]
    public async Task Publish_PrincipalWithoutPermits_IsRefusedAloneAndToldWhen()
    {
        _rates.Replace(new RateLimitSettings { PerPrincipal = Two });
        await ExpectAsync(503, "shop");
        await ExpectAsync(503, "shop");
        using var refused = await SendAsync("shop", "/v1/data/subject/a");
        var text = await refused.Content.ReadAsStringAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests), text);
            Assert.That(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, Is.InRange(2, 1000));
            Assert.That((string?)JsonNode.Parse(text)!["error"]!["type"], Is.EqualTo("rate-limited"));
            Assert.That((string?)JsonNode.Parse(text)!["error"]!["detail"], Does.StartWith(
                "more is asked than rate_limits.per_principal permits; nothing was done; try again in "));
        }

        await ExpectAsync(503, "other");
        await ExpectAsync(503, key: null);
        await ExpectAsync(200, "shop", "/v1/data/alive", HttpMethod.Get);
    }

    [Test]
    public async Task Publish_PrincipalWithARateOfItsOwn_HasThat()
    {
        _rates.Replace(new RateLimitSettings
        {
            PerPrincipal = new Rate(0.001, 1),
            Principals = new Dictionary<string, Rate>(StringComparer.Ordinal) { ["shop"] = Two },
        });
        await ExpectAsync(503, "shop");
        await ExpectAsync(503, "shop");
        await ExpectAsync(429, "shop");
        await ExpectAsync(503, "other");
        await ExpectAsync(429, "other");
    }

    [Test]
    public async Task Requests_AddressWithoutPermits_AreRefusedWhoeverSendsThemButForHealth()
    {
        _rates.Replace(new RateLimitSettings { PerAddress = Two });
        await ExpectAsync(503, "shop");
        await ExpectAsync(404, key: null, "/v1/data/nowhere");
        await ExpectAsync(429, "other");
        await ExpectAsync(429, key: null, "/v1/data/nowhere");
        await ExpectAsync(429, "wrong");
        await ExpectAsync(200, key: null, "/v1/data/alive", HttpMethod.Get);
        await ExpectAsync(503, key: null, "/v1/data/ready", HttpMethod.Get);
    }

    [Test]
    public async Task Requests_AddressThatTriesKeys_IsRefusedBeforeTheKeyIsLookedAt()
    {
        _rates.Replace(new RateLimitSettings { FailedLogins = Two });
        await ExpectAsync(503, "shop");
        await ExpectAsync(401, "wrong");
        await ExpectAsync(401, "eyJhbGciOiJub25lIn0.e30.");
        await ExpectAsync(429, "wrong");
        await ExpectAsync(429, "shop");
        await ExpectAsync(503, key: null);
        await ExpectAsync(429, "shop", "/swagger/v1/swagger.json", HttpMethod.Get);
        await ExpectAsync(200, "shop", "/v1/data/alive", HttpMethod.Get);
    }

    [Test]
    public async Task Swagger_WrongKeys_CountAsFailedLogins()
    {
        _rates.Replace(new RateLimitSettings { FailedLogins = Two });
        await ExpectAsync(401, "wrong", "/swagger/v1/swagger.json", HttpMethod.Get);
        await ExpectAsync(401, "wrong", "/swagger/v1/swagger.json", HttpMethod.Get);
        await ExpectAsync(429, "shop");
    }

    [Test]
    public async Task Replace_OtherLimit_KeepsThePermitsOfThoseThatStay()
    {
        _rates.Replace(new RateLimitSettings { PerPrincipal = Two });
        await ExpectAsync(503, "shop");
        await ExpectAsync(503, "shop");
        _rates.Replace(new RateLimitSettings { PerPrincipal = Two, PerAddress = new Rate(0.001, 100) });
        await ExpectAsync(429, "shop");
        _rates.Replace(new RateLimitSettings { PerPrincipal = new Rate(0.001, 3) });
        await ExpectAsync(503, "shop");
    }

    [TestCase("127.0.0.0/8", "198.51.100.1", "198.51.100.2", 503)]
    [TestCase("127.0.0.0/8", "198.51.100.1", "198.51.100.1", 429)]
    [TestCase("127.0.0.0/8", "9.9.9.1, 198.51.100.1", "9.9.9.2, 198.51.100.1", 429)]
    [TestCase("127.0.0.0/8", "nonsense", "nothing", 429)]
    [TestCase("192.0.2.0/24", "198.51.100.1", "198.51.100.2", 429)]
    [TestCase("", "198.51.100.1", "198.51.100.2", 429)]
    public async Task Requests_OverAProxy_CountForTheAddressThatATrustedOneNames(string trusted, string first, string second, int status)
    {
        var rates = new RateLimiter(new RateLimitSettings { PerAddress = new Rate(0.001, 1) });
        IPNetwork[] proxies = trusted.Length == 0 ? [] : [IPNetwork.Parse(trusted)];
        await using var gateway = await Gateway.StartAsync(
            "nats://127.0.0.1:1", server => server with { TrustedProxies = proxies }, rates: rates);

        Assert.That((await AskAsync(first), await AskAsync(second)), Is.EqualTo((503, status)));

        async Task<int> AskAsync(string addresses)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway.Dataplane, "/v1/data/subject/a"));
            request.Content = new StringContent("aGk=");
            request.Headers.Add("X-Forwarded-For", addresses);
            using var answer = await _http.SendAsync(request);
            return (int)answer.StatusCode;
        }
    }

    [TestCase("192.0.2.1", "192.0.2.2", false)]
    [TestCase("192.0.2.1", "::ffff:192.0.2.1", true)]
    [TestCase("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [TestCase("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public void KeyOf_Addresses_AreTheSame(string one, string other, bool same) =>
        Assert.That(KeyOf(one) == KeyOf(other), Is.EqualTo(same));

    private static ulong KeyOf(string address) =>
        RateLimiter.KeyOf(new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } });

    private async Task ExpectAsync(int status, string? key, string path = "/v1/data/subject/a", HttpMethod? method = null)
    {
        using var answer = await SendAsync(key, path, method);
        Assert.That((int)answer.StatusCode, Is.EqualTo(status), $"{key} {path}: {await answer.Content.ReadAsStringAsync()}");
    }

    private async Task<HttpResponseMessage> SendAsync(string? key, string path, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, new Uri(_gateway.Dataplane, path));
        request.Content = method == HttpMethod.Get ? null : new StringContent("aGk=");
        if (key is not null)
        {
            request.Headers.Add("Authorization", $"Bearer {key}");
        }

        return await _http.SendAsync(request);
    }
}
