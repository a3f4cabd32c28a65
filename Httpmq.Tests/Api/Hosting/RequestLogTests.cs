using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Httpmq.Tests.Api.Subscriptions;
using Httpmq.Tests.Support;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>
/// The log of a process at level debug, while clients send what is to forge a line of it or command the terminal that shows it, and what no
/// log may hold.
/// </summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
[Parallelizable]
internal sealed partial class RequestLogTests
{
    private const string Secret = "hmq_s3cr3t";

    // Line ends, an escape sequence, C1, separators of lines and text that turns around.
    private const string Evil = "x\r\n\u001b[2J\u009b1m\u0085\u2028\u2029\u202e y 200 0B forged";

    private readonly (int Management, int Dataplane) _ports = (Ports.Free(), Ports.Free());
    private readonly RSA _rsa = RSA.Create(2048);
    private string _folder = null!;

    private Uri Dataplane => new($"http://127.0.0.1:{_ports.Dataplane}");

    [OneTimeSetUp]
    public void WriteFiles()
    {
        _folder = Directory.CreateTempSubdirectory("httpmq-log-").FullName;
        var key = _rsa.ExportParameters(includePrivateParameters: false);
        var (modulus, exponent) = (Base64UrlEncoder.Encode(key.Modulus!), Base64UrlEncoder.Encode(key.Exponent!));
        File.WriteAllText(
            Path.Combine(_folder, "keys.json"), $$"""{"keys":[{"kty":"RSA","kid":"one","n":"{{modulus}}","e":"{{exponent}}"}]}""");
        File.WriteAllText(Path.Combine(_folder, "httpmq.yaml"), AccessFile.WithHashes($$"""
            auth:
              anonymous: [all]
              api_keys: [{ name: shop, sha256: "{sha256:{{Secret}}}", roles: [all] }]
              jwt: [{ issuer: local, audience: httpmq, keys_file: {{_folder}}/keys.json }]
              roles:
                all: { publish: { allow: [">"] }, read: { allow: [">"] }, consume: { allow: ["*/*"] }, admin: { allow: ["*"] } }
            """));
    }

    [OneTimeTearDown]
    public void RemoveFiles()
    {
        Directory.Delete(_folder, recursive: true);
        _rsa.Dispose();
    }

    [TestCase(false)]
    [TestCase(true)]
    [SuppressMessage("Usage", "CA2234:Pass system uri objects instead of strings", Justification = "The path is what matters.")]
    public async Task Log_HostileClients_HasOneLineOfEachAndNoSecret(bool json)
    {
        await using var child = HttpmqChild.StartAll(
            _folder,
            _ports.Management,
            _ports.Dataplane,
            Ports.Free(),
            [KeyValuePair.Create("Httpmq__Nats__ServerUri", SharedServers.Nats.Url)],
            ["-c", Path.Combine(_folder, "httpmq.yaml"), "-l", "debug", .. json ? ["-j"] : Array.Empty<string>()]);
        await child.WaitForOutputAsync("NATS");
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Add("X-API-Key", Secret);

        var path = Encoding.UTF8.GetBytes("/v1/data/" + string.Concat(Encoding.UTF8.GetBytes(Evil).Select(static one => $"%{one:X2}")));
        (string, byte[])[] evil =
        [
            ("user-agent", Encoding.UTF8.GetBytes("\u001b[2J\u009b\u0085\u2028\u202e")),
            ("httpmq-request-id", Encoding.UTF8.GetBytes($"id-http2 forged 200\u202e\u009b{new string('i', 5_000)}")),
            ("cookie", Encoding.ASCII.GetBytes($"a={Secret}")), ("referer", Encoding.ASCII.GetBytes($"http://x/?k={Secret}")),
            ("httpmq-header-x", Encoding.ASCII.GetBytes(Secret)), ("sec-websocket-protocol", Encoding.ASCII.GetBytes(Secret)),
        ];
        await RawHttp2.SendAsync(Dataplane, "GET", path, evil);
        await RawHttp2.SendAsync(Dataplane, "GET", [.. path, .. "%00"u8], [.. evil, ("x-half", [0x78, 0xED, 0xA0, 0xBD, 0x78])]);
        await RawHttp.SendAsync(Dataplane, $"GET http://user:{Secret}@host/%00?k={Secret} HTTP/1.1\nX-Auth-Token: {Secret}");
        await RawHttp.SendAsync(
            Dataplane,
            $"GET /v1/data/alive?{Secret}=1&key={Secret} HTTP/1.1\nHttpmq-Request-ID: id-http1 a\u2028\u202e\nUser-Agent: \u001b[2J\u009b");
        await RawHttp.SendAsync(Dataplane, $"GET /v1/data/alive HTTP/1.1\nUser-Agent: {new string('\u202e', 5_000)}");

        // In the names of the application's errors, and of a principal.
        await client.PostAsync($"{Dataplane}v1/data/subject/{Uri.EscapeDataString(Evil)}", new StringContent(Secret));
        await client.PostAsync(
            $"{Dataplane}v1/data/publish", new StringContent($$"""{"subject":"{{JsonEncodedText.Encode(Evil)}}","x":1}"""));
        await client.GetAsync($"{Dataplane}v1/data/stream/{Uri.EscapeDataString(Evil)}/consumer/c");
        using var token = new HttpClient();
        token.DefaultRequestHeaders.Add("Authorization", $"Bearer {Sign(Evil)}");
        await token.GetAsync($"{Dataplane}v1/data/stream/none/message/1");
        await OpenAndLeaveAsync(client);

        string[] ended = ["by stream after", "by duplex after", "by websocket after", "by replay after", "by replay-websocket after"];
        await Eventually.HoldsAsync(
            () => Task.FromResult(ended.All(child.Errors.Contains)
                && child.Errors.Contains("stream/none/message/1 ", StringComparison.Ordinal)),
            () => $"an end of each stream in {child.Errors}");
        using (Assert.EnterMultipleScope())
        {
            var lines = child.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(lines, json ? Has.All.Matches<string>(IsObject) : Has.All.Matches(TextLine().ToString()));
            Assert.That(child.Errors.ReplaceLineEndings("\n").Where(static character =>
                character is not '\n' && (char.IsControl(character) || character is '\u2028' or '\u2029' or '\u202e')), Is.Empty);
            Assert.That(child.Errors, Does.Not.Contain(Secret).And.Not.Contain(Convert.ToBase64String(Encoding.ASCII.GetBytes(Secret))));
            Assert.That(lines, Has.Some.Contains("id-http2%20forged%20200").And.Some.Contains("id-http1%20a%E2%80%A8%E2%80%AE anonymous"));
            Assert.That(lines, Has.Some.Contains("%20y%20200%200B%20forged").And.None.Contains(" 200 0B forged"));
            Assert.That(lines.Max(static line => line.Length), Is.LessThan(32_000));
            Assert.That(lines, Has.Some.Matches(@"end-of-replay shop left \w+/- by replay after 1 deliveries, \d+B [\d.]+ms: "));
        }
    }

    /// <summary>Opens a stream of every kind, reads its first object, and leaves.</summary>
    private async Task OpenAndLeaveAsync(HttpClient client)
    {
        var name = SharedServers.NewName();
        var admin = $"http://127.0.0.1:{_ports.Management}/v1/admin/stream";
        await client.PostAsync(new Uri(admin), new StringContent($$"""{"name":"{{name}}","subjects":["{{name}}.>"]}"""));
        await client.PostAsync(
            new Uri($"{admin}/{name}/consumer"), new StringContent("""{"name":"c","mode":"pull","max_inflight":4}"""));
        await client.PostAsync(new Uri(Dataplane, $"/v1/data/subject/{name}.a?encoding=raw"), new StringContent(Secret));
        var consumer = new Uri(Dataplane, $"/v1/data/stream/{name}/consumer/c");
        using (await client.GetAsync(consumer, HttpCompletionOption.ResponseHeadersRead))
        {
        }

        await using (await TwoWay.OpenAsync(TwoWay.Duplex, Dataplane, name, "c"))
        {
        }

        await using (await TwoWay.OpenAsync(TwoWay.WebSocket1, Dataplane, name, "c"))
        {
        }

        var replay = new Uri(Dataplane, $"/v1/data/stream/{name}/message");
        using var request = new HttpRequestMessage(HttpMethod.Get, replay);
        request.Headers.Add("Httpmq-Request-ID", "end-of-replay");
        using var all = await client.SendAsync(request);
        await using (await TwoWay.WebSocketWay.OpenAsync(
            new UriBuilder(replay) { Scheme = "ws" }.Uri, System.Net.HttpVersion.Version11, "httpmq.v1.json"))
        {
        }
    }

    private string Sign(string name)
    {
        var expires = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        return new JsonWebTokenHandler().CreateToken(
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"iss":"local","aud":"httpmq","exp":{{expires}},"sub":"{{JsonEncodedText.Encode(name)}}","roles":["all"]}"""),
            new SigningCredentials(new RsaSecurityKey(_rsa) { KeyId = "one" }, SecurityAlgorithms.RsaSha256));
    }

    private static bool IsObject(string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.ValueKind is JsonValueKind.Object && json.RootElement.TryGetProperty("EventId", out _);
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (?:dbug|info|warn|fail): [\w.]+\[\d+\] ", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TextLine();
}
