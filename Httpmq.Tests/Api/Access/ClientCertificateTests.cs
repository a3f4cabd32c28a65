using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Access;

/// <summary>Who sends a request, by the certificate of the connection. NATS is not there: who is let through is answered 503.</summary>
internal sealed class ClientCertificateTests
{
    private const string Yaml = """
        dataplane: { api_server: { tls: { cert_file: c, key_file: k, client_ca_file: a } } }
        auth:
          api_keys: [{ name: shop, sha256: "{sha256:shop-key}", roles: [writer] }]
          mtls:
            - { san: "spiffe://corp/worker", name: worker, roles: [worker] }
            - { san: [w1.corp, ops@corp.example], roles: [writer] }
          roles:
            writer: { publish: { allow: [orders.>] }, read: { allow: [orders.>] } }
            worker: { publish: { allow: ["work.${name}"] } }
        """;

    private TlsGateway _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await TlsGateway.StartAsync(
        configure: static (tls, authority) => tls with { ClientCaFile = authority }, access: Yaml);

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [TestCase("spiffe://corp/worker", "work.worker", 503)]
    [TestCase("spiffe://corp/worker", "orders.1", 403)]
    [TestCase("spiffe://corp/other,spiffe://corp/worker", "work.worker", 503)]
    [TestCase("W1.Corp", "orders.1", 503)]
    [TestCase("ops@CORP.example", "orders.1", 503)]
    [TestCase("OPS@corp.example", "orders.1", 401)]
    [TestCase("spiffe://corp/WORKER", "work.worker", 401)]
    [TestCase("spiffe://corp/worker/x", "work.worker", 401)]
    [TestCase("w1.corp.evil.example", "orders.1", 401)]
    [TestCase("*.corp", "orders.1", 401)]
    [TestCase("", "orders.1", 401)]
    public async Task Publish_CertificateShown_IsKnownByItsNames(string names, string subject, int status)
    {
        using var shown = _server.Authority.ClientOf(names.Split(',', StringSplitOptions.RemoveEmptyEntries));
        foreach (var version in new[] { "1.1", "2.0" })
        {
            var (answered, detail) = await PublishAsync(subject, shown, version: version);
            Assert.That(answered, Is.EqualTo(status), detail);
        }
    }

    /// <summary>What is wrong with it is said in an answer, not by a connection that breaks.</summary>
    [TestCase("expired", "the client certificate has expired")]
    [TestCase("stranger", "the client certificate is not signed by an authority that is configured here")]
    [TestCase("server", "the client certificate is not for clients: its extended key usage lacks clientAuth")]
    [TestCase("unknown", "none of the client certificate's names is in auth.mtls")]
    public async Task Publish_CertificateIsWrong_Is401AndSaysWhy(string kind, string reason)
    {
        using var stranger = new TestCertificates(Path.GetTempPath(), $"stranger-{Guid.NewGuid():n}");
        string[] names = ["spiffe://corp/worker"];
        using var shown = kind switch
        {
            "expired" => _server.Authority.ClientOf(names, validFor: TimeSpan.FromMinutes(-1)),
            "stranger" => stranger.ClientOf(names),
            "server" => _server.Authority.ClientOf(names, TestCertificates.ForServers),
            _ => _server.Authority.ClientOf(["spiffe://corp/unknown"]),
        };

        Assert.That(await PublishAsync("work.worker", shown), Is.EqualTo((401, reason)));
        Assert.That(await PublishAsync("orders.1", shown, "shop-key"), Is.EqualTo((503, "")), "a key counts more");
        File.Delete(stranger.Authority);
    }

    [Test]
    public async Task Publish_NoCertificate_OtherWaysGoOn()
    {
        Assert.That((await PublishAsync("orders.1", shown: null)).Status, Is.EqualTo(401));
        Assert.That((await PublishAsync("orders.1", shown: null, "shop-key")).Status, Is.EqualTo(503));
    }

    [Test]
    public async Task Health_WithAWrongCertificate_StaysOpen()
    {
        using var shown = _server.Authority.ClientOf(["spiffe://corp/unknown"]);
        using var client = _server.Client(shown: shown);
        using var answer = await client.GetAsync(new Uri(_server.Dataplane, "/v1/data/alive"));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>Some programs have certificates that do not say what they are for.</summary>
    [Test]
    public async Task Publish_CertificateWithoutUsage_IsTaken()
    {
        using var shown = _server.Authority.ClientOf(["w1.corp"], usage: null);

        Assert.That((await PublishAsync("orders.1", shown)).Status, Is.EqualTo(503));
    }

    [Test]
    public async Task Required_WithoutAValidOne_TheConnectionIsRefused()
    {
        await using var strict = await TlsGateway.StartAsync(
            configure: static (tls, authority) => tls with { ClientCaFile = authority, RequireClientCertificate = true });
        using var good = strict.Authority.ClientOf(["any.corp"]);
        using var expired = strict.Authority.ClientOf(["any.corp"], validFor: TimeSpan.FromMinutes(-1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await StatusAsync(good), Is.EqualTo(200));
            Assert.That(async () => await StatusAsync(expired), Throws.InstanceOf<HttpRequestException>());
            Assert.That(async () => await StatusAsync(null), Throws.InstanceOf<HttpRequestException>());
        }

        async Task<int> StatusAsync(X509Certificate2? shown)
        {
            using var client = strict.Client(shown: shown);
            using var answer = await client.GetAsync(new Uri(strict.Dataplane, "/v1/data/alive"));
            return (int)answer.StatusCode;
        }
    }

    /// <summary>Browsers show certificates by themselves.</summary>
    [TestCase("Origin: https://evil.example", 401)]
    [TestCase("Sec-Fetch-Site: cross-site", 401)]
    [TestCase("Sec-Fetch-Site: same-origin", 503)]
    [TestCase("", 503)]
    public async Task Publish_EveryPageMayAsk_ItsCertificateDoesNotCount(string header, int status)
    {
        await using var open = await TlsGateway.StartAsync(
            configure: static (tls, authority) => tls with { ClientCaFile = authority }, access: Yaml, origins: "*");
        using var shown = open.Authority.ClientOf(["w1.corp"]);
        using var client = open.Client(shown: shown);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(open.Dataplane, "/v1/data/subject/orders.1"))
        {
            Content = new StringContent("aGk="),
            Version = HttpVersion.Version20,
        };
        if (header.Split(": ") is [var name, var value])
        {
            request.Headers.Add(name, value);
        }

        using var answer = await client.SendAsync(request);
        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
    }

    /// <summary>The page that the port itself serves, or that of a proxy: with TLS its origin is https.</summary>
    [TestCase("https://localhost:PORT", 503)]
    [TestCase("HTTPS://LOCALHOST:PORT", 503)]
    [TestCase("http://localhost:PORT", 403)]
    [TestCase("https://localhost", 403)]
    [TestCase("https://evil.example", 403)]
    public async Task Cookie_OverTls_CountsForTheOwnOriginAlone(string origin, int status)
    {
        foreach (var version in new[] { "1.1", "2.0" })
        {
            using var client = _server.Client(version);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_server.Dataplane, "/v1/data/subject/orders.1"))
            {
                Version = new Version(version),
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            request.Headers.Add("Cookie", "__Secure-httpmq=shop-key");
            request.Headers.Add("Origin", origin.Replace("PORT", $"{_server.Dataplane.Port}", StringComparison.Ordinal));
            using var answer = await client.SendAsync(request);

            Assert.That((int)answer.StatusCode, Is.EqualTo(status), version);
        }
    }

    private async Task<(int Status, string Detail)> PublishAsync(
        string subject, X509Certificate2? shown, string? key = null, string version = "2.0")
    {
        using var client = _server.Client(version, shown);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server.Dataplane, $"/v1/data/subject/{subject}"))
        {
            Content = new StringContent("aGk="),
            Version = new Version(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }

        using var answer = await client.SendAsync(request);
        var detail = (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["error"]!["detail"];
        return ((int)answer.StatusCode, answer.StatusCode is HttpStatusCode.ServiceUnavailable ? "" : detail ?? "");
    }
}
