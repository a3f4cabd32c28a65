using System.Net.NetworkInformation;
using System.Net.Sockets;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>
/// What a browser sends for a page, header by header: the pages of others get nothing, clients and one's own pages everything.
/// </summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class WebPageTests(string version) : ContractTest(version)
{
    private const string Key = "management.api_server.server_config.";

    private static string Own => $"http://127.0.0.1:{Gateway.Management.Port}";

    [TestCase("Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: 'cross-site'", "allowed_origins")]
    [TestCase("Sec-Fetch-Site: same-site", "Sec-Fetch-Site: 'same-site'", "allowed_origins")]
    [TestCase("Sec-Fetch-Site: nonsense", "Sec-Fetch-Site: 'nonsense'", "allowed_origins")]
    [TestCase("Origin: null", "Origin: 'null'", "allowed_origins")]
    [TestCase("Origin: http://evil.example", "Origin: 'http://evil.example'", "allowed_origins")]
    [TestCase("Origin: http://evil.example & Sec-Fetch-Site: same-origin", "Origin: 'http://evil.example'", "allowed_origins")]
    [TestCase("Origin: http://127.0.0.1:1", "Origin: 'http://127.0.0.1:1'", "allowed_origins")]
    [TestCase("Origin: http://localhost:PORT", "Origin: 'http://localhost:PORT'", "allowed_origins")]
    [TestCase("Origin: https://127.0.0.1:PORT", "Origin: 'https://127.0.0.1:PORT'", "allowed_origins")]
    [TestCase("Origin: http://127.0.0.1", "Origin: 'http://127.0.0.1'", "allowed_origins")]
    [TestCase("Origin: http://127.0.0.1:PORT.evil.example", "Origin: 'http://127.0.0.1:PORT.evil.example'", "allowed_origins")]
    [TestCase("Origin: http://127.0.0.1:PORT & Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: 'cross-site'", "allowed_origins")]
    [TestCase("Sec-Fetch-Site: cross-site & Sec-Fetch-Mode: navigate & Sec-Fetch-Dest: document", "Sec-Fetch-Site: 'cross-site'",
        "allowed_origins")]
    [TestCase("Host: evil.example", "Host: 'evil.example'", "allowed_hosts")]
    [TestCase("Host: evil.example:PORT & Origin: http://evil.example:PORT & Sec-Fetch-Site: same-origin", "Host: 'evil.example:PORT'",
        "allowed_hosts")]
    [TestCase("Host: 127.0.0.1.evil.example", "Host: '127.0.0.1.evil.example'", "allowed_hosts")]
    [TestCase("Host: localhost.evil.example", "Host: 'localhost.evil.example'", "allowed_hosts")]
    [TestCase("Host: 10.0.0.1", "Host: '10.0.0.1'", "allowed_hosts")]
    public async Task Request_OfAnotherPage_Is403AndChangesNothing(string headers, string named, string setting)
    {
        var (stream, port) = (SharedServers.NewName(), Gateway.Management.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        headers = headers.Replace("PORT", port, StringComparison.Ordinal);

        var define = await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}"}""", $"{headers} & Content-Type: text/plain");
        var list = await ManageAsync("GET", "/v1/admin/stream", headers: headers);
        var preflight = await ManageAsync("OPTIONS", "/v1/admin/stream", headers: $"{headers} & Access-Control-Request-Method: DELETE");

        foreach (var answer in new[] { define, list, preflight })
        {
            answer.Expect(403, named.Replace("PORT", port, StringComparison.Ordinal));
            Assert.That(answer.Detail, Does.EndWith(Key + setting));
            Assert.That(answer.Response.Headers.Contains("Access-Control-Allow-Origin"), Is.False);
        }

        (await ManageAsync("GET", $"/v1/admin/stream/{stream}")).Expect(404);
    }

    [Test]
    public async Task Image_OnTheSubscribeRoute_TakesNoMessage()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, stream);
        await Client.DefineConsumerAsync(stream, "c");
        await Client.PublishAsync(stream, "m");

        (await DataAsync("GET", $"/v1/data/stream/{stream}/consumer/c?subject_name={stream}",
            headers: "Sec-Fetch-Site: cross-site & Sec-Fetch-Mode: no-cors & Sec-Fetch-Dest: image"))
            .Expect(403, "dataplane.api_server.server_config.allowed_origins");
        (await DataAsync("POST", $"/v1/data/subject/{stream}", "aGk=", "Origin: http://evil.example & Content-Type: text/plain"))
            .Expect(403);
        (await DataAsync("POST", "/v1/data/publish", $$"""{"subject":"{{stream}}","b64_msg":"aGk="}""", "Origin: null")).Expect(403);
        (await DataAsync("POST", $"/v1/data/stream/{stream}/consumer/c/ack", """{"stream":1,"consumer":1}""", "Sec-Fetch-Site: cross-site"))
            .Expect(403);

        Assert.That((int)(await Client.ConsumerAsync(stream, "c"))["delivered"]!["consumer_seq"]!, Is.Zero);
        Assert.That((int)(await Client.StreamAsync(stream))["state"]!["messages"]!, Is.EqualTo(1));
    }

    [TestCase(null)]
    [TestCase("Sec-Fetch-Site: none")]
    [TestCase("Sec-Fetch-Site: same-origin")]
    [TestCase("Origin: http://127.0.0.1:PORT")]
    [TestCase("Origin: HTTP://127.0.0.1:PORT & Sec-Fetch-Site: same-origin")]
    [TestCase("Origin: http://localhost:PORT & Host: localhost:PORT")]
    [TestCase("Origin: http://localhost & Host: localhost")]
    [TestCase("Origin: http://localhost:80 & Host: LOCALHOST")]
    [TestCase("Host: localhost")]
    [TestCase("Host: localhost.:PORT")]
    [TestCase("Host: 127.3.2.1:PORT")]
    [TestCase("Host: [::1]:PORT")]
    [TestCase("Host: [::1]")]
    public async Task Request_OfAClientOrTheServersOwnPage_IsServed(string? headers) =>
        (await ManageAsync("GET", "/v1/admin/stream", headers: headers?.Replace(
            "PORT", $"{Gateway.Management.Port}", StringComparison.Ordinal))).Expect(200);

    [TestCase("/swagger", 302)]
    [TestCase("/swagger/index.html", 200)]
    public async Task Visit_ByALinkToTheDocumentation_IsServedAndFramesAreNot(string path, int status)
    {
        const string Link = "Sec-Fetch-Site: cross-site & Sec-Fetch-Mode: navigate & Sec-Fetch-Dest: ";
        Assert.That((await ManageAsync("GET", path, headers: Link + "document")).Status, Is.EqualTo(status));
        (await ManageAsync("GET", path, headers: Link + "iframe")).Expect(403);
        (await ManageAsync("POST", path, "x", Link + "document")).Expect(403);
    }

    [Test]
    public async Task Host_InEveryPlaceOfTheWire_IsLookedAt()
    {
        if (IsHttp2)
        {
            Assert.That(await RawHttp2.SendAsync(
                Gateway.Management, "GET", "/v1/admin/alive"u8.ToArray(), [], authority: "evil.example"), Is.EqualTo(403));
            Assert.That(await RawHttp2.SendAsync(
                Gateway.Management, "GET", "/v1/admin/alive"u8.ToArray(), [], authority: "127.0.0.1"), Is.EqualTo(200));
            return;
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await StatusAsync("GET /v1/admin/alive HTTP/1.1\r\nHost: evil.example"), Is.EqualTo(403));
            Assert.That(await StatusAsync("GET http://evil.example/v1/admin/alive HTTP/1.1\r\nHost: evil.example"), Is.EqualTo(403));
            Assert.That(await StatusAsync("GET http://evil.example/v1/admin/alive HTTP/1.1\r\nHost: localhost"), Is.EqualTo(400));
            Assert.That(await StatusAsync("GET /v1/admin/alive HTTP/1.0\r\nHost: evil.example"), Is.EqualTo(403));
            Assert.That(await StatusAsync("GET /v1/admin/alive HTTP/1.0"), Is.EqualTo(200), "no browser leaves it out");
            Assert.That(await StatusAsync("GET http://localhost/v1/admin/alive HTTP/1.1\r\nHost: localhost"), Is.EqualTo(200));
        }
    }

    [Test]
    public async Task Host_AcceptedBefore_DoesNotOpenTheWayForAnother()
    {
        (await ManageAsync("GET", "/v1/admin/alive", headers: "Host: localhost:1")).Expect(200);
        (await ManageAsync("GET", "/v1/admin/alive", headers: "Host: localhost.evil.example:1")).Expect(403);
        (await ManageAsync("GET", "/v1/admin/alive", headers: "Host: localhost:1")).Expect(200);
    }

    [Test]
    public async Task Configured_OriginsAndHosts_AreServedWithCors()
    {
        await using var gateway = await Gateway.StartAsync(SharedServers.Nats.Url, server => server with
        {
            AllowedOrigins = new HashSet<string>(["https://app.example"], StringComparer.OrdinalIgnoreCase),
            AllowedHosts = new HashSet<string>(["mq.example"], StringComparer.OrdinalIgnoreCase),
        });
        using var client = gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        Task<WireAnswer> Ask(string method, string headers) =>
            SendAsync(gateway.Management, method, "/v1/admin/stream", body: null, headers);

        var answer = (await Ask("GET", "Origin: https://app.example & Sec-Fetch-Site: cross-site & Host: mq.example:3000")).Expect(200);
        var refused = (await Ask("POST", "Origin: https://app.example & Sec-Fetch-Site: cross-site")).Expect(400);
        var plain = (await Ask("GET", "Host: mq.example")).Expect(200);
        var preflight = await Ask("OPTIONS",
            "Origin: https://app.example & Access-Control-Request-Method: DELETE & Access-Control-Request-Headers: httpmq-request-id");
        using (Assert.EnterMultipleScope())
        {
            foreach (var allowed in new[] { answer, refused })
            {
                Assert.That(allowed.Header("Access-Control-Allow-Origin"), Is.EqualTo("https://app.example"));
                Assert.That(allowed.Header("Access-Control-Expose-Headers"), Does.Contain(WireAnswer.RequestIdHeader));
                Assert.That(allowed.Header("Access-Control-Allow-Credentials"), Is.Null);
            }

            Assert.That(new[] { answer, refused, plain, preflight }.Select(one => one.Header("Vary")), Is.All.Contains("Origin"));
            Assert.That(plain.Header("Access-Control-Allow-Origin"), Is.Null);
            Assert.That(preflight.Status, Is.EqualTo(204));
            Assert.That(preflight.Header("Access-Control-Allow-Origin"), Is.EqualTo("https://app.example"));
            Assert.That(preflight.Header("Access-Control-Allow-Methods"), Does.Contain("DELETE"));
            Assert.That(preflight.Header("Access-Control-Allow-Headers"), Is.EqualTo("httpmq-request-id").IgnoreCase);
            Assert.That((await Ask("GET", "Origin: https://other.example")).Status, Is.EqualTo(403));
            Assert.That((await Ask("GET", "Origin: http://app.example")).Status, Is.EqualTo(403));
            Assert.That((await Ask("GET", "Sec-Fetch-Site: cross-site")).Status, Is.EqualTo(403));
            Assert.That((await Ask("GET", "Host: other.example")).Status, Is.EqualTo(403));
            Assert.That((await Ask("GET", "Host: localhost")).Status, Is.EqualTo(200));
        }
    }

    [Test]
    public async Task Configured_OfAnAnswer_EveryHeaderCanBeReadByName()
    {
        await using var gateway = await Gateway.StartAsync(SharedServers.Nats.Url, server => server with
        {
            AllowedOrigins = new HashSet<string>(["https://app.example"], StringComparer.OrdinalIgnoreCase),
        });
        using var client = gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c", new System.Text.Json.Nodes.JsonObject { ["mode"] = "pull" });
        await client.PublishAsync(stream, "x");
        const string Page = "Origin: https://app.example & Accept: application/octet-stream & Prefer: wait=1";

        using var stored = await OpenAsync(gateway.Dataplane, "GET", $"/v1/data/subject/{stream}", body: null, Page);
        using var pulled = await OpenAsync(
            gateway.Dataplane, "POST", $"/v1/data/stream/{stream}/consumer/c/pull", new ByteArrayContent([]), Page);
        using var refused = await OpenAsync(gateway.Dataplane, "GET", $"/v1/data/stream/none/consumer/c", body: null, Page);

        foreach (var answer in new[] { stored, pulled, refused })
        {
            var exposed = answer.Headers.GetValues("Access-Control-Expose-Headers").SelectMany(static value => value.Split(',')).ToArray();
            var own = answer.Headers.Select(static header => header.Key)
                .Where(static name => name.StartsWith("Httpmq-", StringComparison.OrdinalIgnoreCase) || name is "ETag");
            Assert.That(own, Is.SubsetOf(exposed).IgnoreCase.And.Not.Empty);
            Assert.That(answer.Headers.Vary, Is.EquivalentTo(new[] { "Accept", "Origin" }));
        }

        Assert.That(stored.Headers.ETag, Is.Not.Null);
    }

    [Test]
    public async Task Configured_EveryOriginAndHost_IsServed()
    {
        var any = new HashSet<string>(["*"], StringComparer.OrdinalIgnoreCase);
        await using var gateway = await Gateway.StartAsync(
            SharedServers.Nats.Url, server => server with { AllowedOrigins = any, AllowedHosts = any });

        var answer = await SendAsync(
            gateway.Management, "GET", "/v1/admin/alive", body: null, "Origin: null & Sec-Fetch-Site: cross-site & Host: any.example");

        Assert.That(answer.Expect(200).Header("Access-Control-Allow-Origin"), Is.EqualTo("*"));
    }

    [Test]
    public async Task Listening_OnEveryAddress_TakesAnyHostOfOtherMachinesUnlessSomeAreConfigured()
    {
        await using var open = await Gateway.StartAsync(
            SharedServers.Nats.Url, server => server with { ListenOn = System.Net.IPAddress.Any });
        await using var named = await Gateway.StartAsync(
            SharedServers.Nats.Url,
            server => server with
            {
                ListenOn = System.Net.IPAddress.Any,
                AllowedHosts = new HashSet<string>(
                ["mq.example"], StringComparer.OrdinalIgnoreCase)
            });
        Task<WireAnswer> Ask(Gateway gateway, string headers, string address = "127.0.0.1") =>
            SendAsync(new Uri($"http://{address}:{gateway.Management.Port}"), "GET", "/v1/admin/alive", body: null, headers);

        // A name that its owner points at 127.0.0.1 comes over loopback; a machine without a network has no other way in.
        foreach (var address in AddressesOfThisMachine())
        {
            (await Ask(open, "Host: any.example", address)).Expect(200);
            (await Ask(named, "Host: any.example", address)).Expect(403, "allowed_hosts");
        }

        (await Ask(open, "Host: any.example")).Expect(403, "allowed_hosts");
        (await Ask(open, $"Host: {System.Net.Dns.GetHostName()}")).Expect(200);
        (await Ask(open, "Host: localhost")).Expect(200);
        (await Ask(open, "Origin: http://evil.example")).Expect(403);
        (await Ask(named, "Host: mq.example")).Expect(200);
        (await Ask(named, "Host: localhost")).Expect(200);
        (await Ask(named, "Host: any.example")).Expect(403, "allowed_hosts");
    }

    private static IEnumerable<string> AddressesOfThisMachine() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(static network => network.OperationalStatus == OperationalStatus.Up)
            .SelectMany(static network => network.GetIPProperties().UnicastAddresses)
            .Select(static unicast => unicast.Address)
            .Where(static address => address.AddressFamily == AddressFamily.InterNetwork && !System.Net.IPAddress.IsLoopback(address))
            .Select(static address => address.ToString());

    private static async Task<int> StatusAsync(string head) =>
        RawHttp.StatusOf(await RawHttp.SendExactlyAsync(Gateway.Management, head + "\r\nConnection: close\r\n\r\n"));
}
