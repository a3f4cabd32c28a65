using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>Who changed what, and who was refused, in the log of a process that logs nothing else.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed partial class AuditLogTests
{
    private const int Wrong = 300;

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"httpmq-audit-{Guid.NewGuid():n}.yaml");
    private readonly string _stream = SharedServers.NewName();

    [OneTimeTearDown]
    public void RemoveFile() => File.Delete(_file);

    [Test]
    public async Task Audit_ChangesAndRefusals_HasEachChangeAndNotEachRefusal()
    {
        await File.WriteAllTextAsync(_file, AccessFile.WithHashes("""
            auth:
              api_keys:
                - { name: ops, sha256: "{sha256:ops}", roles: [ops] }
                - { name: shop, sha256: "{sha256:shop}", roles: [writer] }
              roles: { ops: { admin: { allow: ["*"] } }, writer: { publish: { allow: [orders.>] } } }
            """));
        var (management, dataplane) = (Ports.Free(), Ports.Free());
        await using var child = await StartAsync(_file, management, dataplane);
        using var client = new HttpClient();
        var (admin, data) = ($"http://127.0.0.1:{management}/v1/admin/stream", $"http://127.0.0.1:{dataplane}/v1/data");

        (string Method, string Path, string Body, string Key, string Line)[] requests =
        [
            ("POST", admin, $$"""{"name":"{{_stream}}","subjects":["{{_stream}}.>"]}""", "ops",
                $"change action=DefineStream resource={_stream} status=200 error=- principal=ops shown_by=key address=127.0.0.1 "
                + "request_id=0"),
            ("POST", $"{admin}/{_stream}/consumer", """{"name":"c","mode":"pull","max_inflight":4}""", "ops",
                $"change action=DefineConsumer resource={_stream}/c status=200 error=- principal=ops "),
            ("POST", $"{admin}/{_stream}/purge", "{}", "ops", $"change action=PurgeStream resource={_stream} status=200 "),
            ("DELETE", $"{admin}/{_stream}/message/7", "", "ops",
                $"change action=DeleteStreamMessage resource={_stream}/7 status=404 error=message-not-found "),
            ("DELETE", $"{admin}/{_stream}", "", "shop",
                $"refusal action=DeleteStream resource={_stream} status=403 error=not-permitted principal=shop shown_by=key "),
            ("DELETE", $"{admin}/{_stream}", "", "ops", $"change action=DeleteStream resource={_stream} status=200 error=- "),
            ("POST", $"{data}/publish", """{"subject":"other.new","b64_msg":"aGk="}""", "shop",
                "refusal action=PublishBatch resource=other.new status=403 error=not-permitted principal=shop "),
        ];
        foreach (var (index, one) in requests.Index())
        {
            await SendAsync(client, one.Method, one.Path, one.Body, one.Key, $"{index}");
        }

        foreach (var path in new[] { $"/stream/{_stream}/consumer/c", $"/stream/{_stream}/message" })
        {
            RefuseWebSocket(client, new Uri($"ws://127.0.0.1:{dataplane}/v1/data{path}"));
        }

        for (var sent = 0; sent < Wrong; sent++)
        {
            await SendAsync(client, "POST", $"{data}/subject/orders.new", "aGk=", "wrong", "w");
        }

        await Eventually.HoldsAsync(() => CountWrong(child.Errors) == Wrong, "all refusals are written or counted");
        using (Assert.EnterMultipleScope())
        {
            foreach (var one in requests)
            {
                Assert.That(child.Errors, Does.Contain(one.Line));
            }

            Assert.That(child.Errors, Does.Contain($"refusal action=Subscribe resource={_stream}/c status=403 error=not-permitted "));
            Assert.That(child.Errors, Does.Contain($"refusal action=Replay resource={_stream} status=403 error=not-permitted "));
            Assert.That(child.Errors, Does.Contain(
                "refusal action=PublishMessage resource=orders.new status=401 error=unauthenticated principal=- shown_by=- address="));
            Assert.That(child.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.All.Contains(": Httpmq.Audit[10"));
        }
    }

    [Test]
    public async Task Audit_SubscriptionWhoseReaderMayNotAnyMore_HasItsEnd()
    {
        const string Yaml = """
            auth:
              api_keys: [{ name: shop, sha256: "{sha256:shop}", roles: [reader] }]
              roles: { reader: { read: { allow: [">"] }, admin: { allow: ["*"] } } }
            """;
        var file = $"{_file}.read.yaml";
        await File.WriteAllTextAsync(file, AccessFile.WithHashes(Yaml));
        var (management, dataplane) = (Ports.Free(), Ports.Free());
        await using var child = await StartAsync(file, management, dataplane);
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Add("X-API-Key", "shop");
        var stream = SharedServers.NewName();
        using var defined = await client.PostAsync(
            new Uri($"http://127.0.0.1:{management}/v1/admin/stream"), new StringContent($$"""{"name":"{{stream}}"}"""));
        using var replay = await client.GetAsync(
            new Uri($"http://127.0.0.1:{dataplane}/v1/data/stream/{stream}/message?follow=true"), HttpCompletionOption.ResponseHeadersRead);
        Assert.That(replay.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await File.WriteAllTextAsync(file, AccessFile.WithHashes(Yaml.Replace("sha256:shop}", "sha256:other}", StringComparison.Ordinal)));

        Assert.That(await replay.Content.ReadAsStringAsync(), Does.Contain("unauthenticated"));
        await Eventually.HoldsAsync(
            () => child.Errors.Contains(
                $"refusal action=Replay resource={stream} status=401 error=unauthenticated principal=shop ", StringComparison.Ordinal),
            "the line");
        File.Delete(file);
    }

    private static async Task<GatewayProcess> StartAsync(string file, int management, int dataplane)
    {
        var settings = GatewayProcess.Listening("management", management).Concat(GatewayProcess.Listening("dataplane", dataplane)).Append(
            KeyValuePair.Create("Httpmq__Nats__ServerUri", SharedServers.Nats.Url));
        var child = HttpmqChild.Start(
            ["all", "-c", file, "-l", "error"], new Dictionary<string, string>(settings, StringComparer.Ordinal));
        await child.WaitForOutputAsync("NATS");
        return child;
    }

    /// <summary>Refusals of wrong keys: those that have a line, and those that were left out.</summary>
    private static int CountWrong(string log) =>
        log.Split('\n').Count(static line => line.EndsWith("request_id=w", StringComparison.Ordinal))
        + LeftOut().Matches(log).Sum(static match => int.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture));

    private static void RefuseWebSocket(HttpClient client, Uri uri)
    {
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.SetRequestHeader("X-API-Key", "shop");
        Assert.That(() => socket.ConnectAsync(uri, client, CancellationToken.None), Throws.InstanceOf<WebSocketException>());
    }

    private static async Task SendAsync(HttpClient client, string method, string uri, string body, string key, string id)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body.Length > 0 ? new StringContent(body) : null,
        };
        request.Headers.Add("X-API-Key", key);
        request.Headers.Add("Httpmq-Request-ID", id);
        using var answer = await client.SendAsync(request);
        await answer.Content.ReadAsStringAsync();
    }

    [GeneratedRegex(@"refusals left out: (?<count>\d+) ", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex LeftOut();
}
