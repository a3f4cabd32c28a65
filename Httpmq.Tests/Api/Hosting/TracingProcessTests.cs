using System.Collections.Concurrent;
using System.Net;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>The process with a collector: spans reach it, and it may be away.</summary>
[Category(ServerUnderTest.ProcessCategory)]
[Parallelizable]
internal sealed class TracingProcessTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("httpmq-traces-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Dataplane_WithACollector_SendsItSpansAndSaysWhenItIsAway()
    {
        var secret = Path.Combine(_folder, "headers");
        await File.WriteAllTextAsync(secret, "x-token=s3cret\n");
        var address = $"http://127.0.0.1:{Ports.Free()}/";
        await using var child = Start(
            $$"""
            traces: { otlp: { endpoint: "{{address}}", headers_file: "{{secret}}" } }
            metrics: { listen_port: {{Ports.Free()}}, otlp: { endpoint: "{{address}}", interval_sec: 1 } }
            """,
            out var port);
        await PublishAsync(port);
        await Eventually.HoldsAsync(
            () => child.Errors.Contains($"Spans cannot be sent to {address}v1/traces", StringComparison.Ordinal)
                && child.Errors.Contains($"Metrics cannot be sent to {address}v1/metrics", StringComparison.Ordinal),
            "the log says so");

        using var collector = new Collector(address);
        await PublishAsync(port);
        child.Terminate();
        Assert.That(await child.WaitForExitAsync(), Is.Zero, child.Errors);

        // It sends what waits before it ends.
        var (path, type, token, body) = collector.Received.First(static one => one.Path is "/v1/traces");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((path, type, token), Is.EqualTo(("/v1/traces", "application/x-protobuf", "s3cret")));
            Assert.That(body.AsSpan().IndexOf(Convert.FromHexString(Trace)), Is.Positive, "the client's trace");
            Assert.That(body.AsSpan().IndexOf("messaging.destination.name"u8), Is.Positive);
            Assert.That(body.AsSpan().IndexOf("service.name"u8), Is.Positive);
            Assert.That(body.AsSpan().IndexOf("aGVsbG8="u8), Is.Negative, "a payload");
            Assert.That(child.Errors, Does.Contain("Spans are sent to").And.Contain("Metrics are sent to").And.Not.Contain("s3cret"));
        }
    }

    private GatewayProcess Start(string yaml, out int port)
    {
        var file = Path.Combine(_folder, "httpmq.yaml");
        File.WriteAllText(file, yaml);
        port = Ports.Free();
        var settings = GatewayProcess.Listening("dataplane", port);
        settings["Httpmq__Nats__ServerUri"] = "nats://127.0.0.1:1";
        settings["OTEL_BSP_SCHEDULE_DELAY"] = "50";
        return HttpmqChild.Start(["dataplane", "-c", file], settings);
    }

    private static async Task PublishAsync(int port)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await Eventually.HoldsAsync(() => IsAliveAsync(client), "a dataplane that is alive", TimeSpan.FromSeconds(60));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/data/subject/orders.new")
        {
            Content = new StringContent("aGVsbG8="),
        };
        request.Headers.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        using var answer = await client.SendAsync(request);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
    }

    private static async Task<bool> IsAliveAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync("/v1/data/alive");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Takes everything.</summary>
    private sealed class Collector : IDisposable
    {
        private readonly HttpListener _listener = new();

        public Collector(string address)
        {
            _listener.Prefixes.Add(address);
            _listener.Start();
            _ = TakeAsync();
        }

        public ConcurrentQueue<(string Path, string? Type, string? Token, byte[] Body)> Received { get; } = new();

        public void Dispose() => _listener.Close();

        private async Task TakeAsync()
        {
            while (true)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                Received.Enqueue((
                    context.Request.Url!.AbsolutePath, context.Request.ContentType, context.Request.Headers["x-token"], body.ToArray()));
                context.Response.Close();
            }
        }
    }
}
