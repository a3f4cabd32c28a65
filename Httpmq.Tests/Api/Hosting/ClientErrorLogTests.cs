using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>What clients do wrong is no fault of the gateway, and what they send cannot forge its log.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class ClientErrorLogTests
{
    private const int Rounds = 5;

    // Base64, the start of a line, and of JSON that is looked at when it is complete: nothing to refuse yet.
    private static readonly byte[] Start = "aGkx"u8.ToArray();

    private readonly int _port = Ports.Free();

    private Uri Server => new($"http://127.0.0.1:{_port}");

    [Test]
    public async Task Bodies_BrokenOff_AreOneDebugLineEachAnd499()
    {
        await using var child = await StartAsync("-l", "debug");
        string[] paths = ["/v1/data/subject/s", "/v1/data/stream/s/consumer/c/ack"];
        foreach (var path in paths)
        {
            for (var round = 0; round < Rounds; round++)
            {
                await ResetHttp1Async(path);
                await ResetStreamAsync(path);
                await ResetHttp2Async(path);
            }
        }

        const int All = 3 * Rounds;
        foreach (var path in paths)
        {
            await Eventually.HoldsAsync(() => Lines(child, $"POST {path} 499 0B") == All, $"{All} times 499 for {path} in {child.Errors}");
            Assert.That(Lines(child, $"POST {path}: the client disconnected"), Is.EqualTo(All));
        }

        Assert.That(child.Errors, Does.Not.Contain("fail: ").And.Not.Contain("crit: ").And.Not.Contain("warn: ").And.Not.Contain("   at "));
    }

    [Test]
    public async Task Batches_BrokenOff_Are499WithoutAFault()
    {
        await using var child = await StartAsync("-l", "info");
        for (var round = 0; round < Rounds; round++)
        {
            await ResetHttp1Async("/v1/data/publish");
            await ResetStreamAsync("/v1/data/publish");
            await ResetHttp2Async("/v1/data/publish");
        }

        await Eventually.HoldsAsync(() => Lines(child, "POST /v1/data/publish ") == 3 * Rounds, "an end of every batch");
        Assert.That(Lines(child, "POST /v1/data/publish 499 0B"), Is.EqualTo(3 * Rounds), child.Errors);
        Assert.That(child.Errors, Does.Not.Contain("fail: ").And.Not.Contain("crit: ").And.Not.Contain("warn: ").And.Not.Contain("   at "));
    }

    [Test]
    public async Task Batch_ThatCameToItsEnd_Is200()
    {
        await using var child = await StartAsync("-l", "info");
        using var client = Http2();
        await client.PostAsync(new Uri(Server, "/v1/data/publish"), new StringContent("{}"));

        await Eventually.HoldsAsync(() => Lines(child, "POST /v1/data/publish 200 ") == 1, "its line");
        Assert.That(child.Errors, Does.Not.Contain("POST /v1/data/publish 200 0B"));
    }

    /// <summary>The method is not known where the server could not read the first line to its end.</summary>
    [TestCase("GET /v1/data/alive?x=1 HTTP/1.1\nbroken header", "GET /v1/data/alive 400 ")]
    [TestCase("GET /v1/data/stream/%00 HTTP/1.1", " - /v1/data/stream/%00 400 ")]
    public async Task Request_RefusedByTheServerItself_HasItsLine(string head, string line)
    {
        await using var child = await StartAsync("-l", "info");
        var answer = await RawHttp.SendAsync(Server, head);
        var id = answer.Split("Httpmq-Request-ID: ")[1].Split("\r\n")[0];

        await Eventually.HoldsAsync(() => Lines(child, id) == 1, "its line");
        Assert.That(Lines(child, line), Is.EqualTo(1), child.Errors);
    }

    [Test]
    public async Task TextLog_ControlCharactersOfClients_AreEscaped()
    {
        await using var child = await StartAsync("-l", "debug");
        await RawHttp.SendExactlyAsync(Server, "GET /a%1B[31m%0Ainfo:%20forged%0D%C2%9B%E2%80%AE HTTP/1.1\r\nHost: localhost\r\nX-Evil: "
            + "\u001b[2J\r\nConnection: close\r\n\r\n");

        await Eventually.HoldsAsync(() => child.Errors.Contains("GET /a", StringComparison.Ordinal)
            && child.Errors.Contains(" 404 ", StringComparison.Ordinal), "the access line");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(child.Errors, Does.Contain(@"GET /a%1B%5B31m%0Ainfo:%20forged%0D%C2%9B%E2%80%AE 404"));
            Assert.That(child.Errors, Does.Contain(@"X-Evil: \u001b[2J"));
            Assert.That(child.Errors.Where(character => char.IsControl(character) && character is not '\n')
                .Select(character => (int)character), Is.Empty);
            Assert.That(child.Errors.Split('\n').Where(line => line.StartsWith("info: forged", StringComparison.Ordinal)), Is.Empty);
        }
    }

    [Test]
    public async Task JsonLog_ControlCharactersOfClients_AreEscaped()
    {
        await using var child = await StartAsync("-l", "info", "-j");
        await RawHttp.SendExactlyAsync(Server, "GET /a%1B[31m%0Aforged%0D HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        await Eventually.HoldsAsync(() => child.Errors.Contains("forged", StringComparison.Ordinal), "the access line");
        var line = child.Errors.Split('\n').Single(line => line.Contains("forged", StringComparison.Ordinal));
        using var json = JsonDocument.Parse(line);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(json.RootElement.GetProperty("Message").GetString(), Does.Contain("GET /a%1B%5B31m%0Aforged%0D 404"));
            Assert.That(line.Where(char.IsControl), Is.Empty);
        }
    }

    /// <summary>Half a body, then a reset of the connection.</summary>
    private async Task ResetHttp1Async(string path)
    {
        using var socket = new TcpClient { LingerState = new LingerOption(enable: true, seconds: 0) };
        await socket.ConnectAsync(Server.Host, Server.Port);
        await socket.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"));

        // The interim answer says that the body is being read.
        var buffer = new byte[100];
        Assert.That(await socket.GetStream().ReadAsync(buffer), Is.Positive);
        await socket.GetStream().WriteAsync(Start);
    }

    /// <summary>Half a body, then a reset of the stream alone.</summary>
    private async Task ResetStreamAsync(string path)
    {
        using var client = Http2();
        await AbandonAsync(client, path);
        Assert.That((await client.GetAsync(new Uri(Server, "/v1/data/alive"))).StatusCode, Is.EqualTo(
            HttpStatusCode.OK), "the connection lives on");
    }

    /// <summary>Half a body, then the end of the connection.</summary>
    private async Task ResetHttp2Async(string path)
    {
        using var client = Http2();
        await AbandonAsync(client, path);
    }

    private async Task AbandonAsync(HttpClient client, string path)
    {
        var started = new TaskCompletionSource();
        using var leave = new CancellationTokenSource();
        var sending = client.PostAsync(new Uri(Server, path), new StartedContent(started), leave.Token);
        await started.Task.WaitAsync(Eventually.TimeLimit);
        Assert.That((await client.GetAsync(new Uri(Server, "/v1/data/alive"))).StatusCode, Is.EqualTo(
            HttpStatusCode.OK), "the start of the body is there");
        await leave.CancelAsync();
        Assert.That(async () => await sending, Throws.InstanceOf<OperationCanceledException>());
    }

    private static HttpClient Http2() =>
        new() { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private static int Lines(GatewayProcess child, string text) =>
        child.Errors.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

    private async Task<GatewayProcess> StartAsync(params string[] arguments)
    {
        var settings = new Dictionary<string, string>(
            GatewayProcess.Listening("dataplane", _port), StringComparer.Ordinal)
        { ["Httpmq__Nats__ServerUri"] = SharedServers.Nats.Url };
        var child = HttpmqChild.Start(["dataplane", .. arguments], settings);
        await child.WaitForOutputAsync("NATS");
        return child;
    }

    /// <summary>The start of a body, whose rest never comes.</summary>
    private sealed class StartedContent(TaskCompletionSource started) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(Start, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            started.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
