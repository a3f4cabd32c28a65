using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Http;
using Httpmq.Tests.Api.Bodies;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Httpmq.Tests.Api.Http;

/// <summary>Clients that misbehave: each is served or refused, and the others notice nothing.</summary>
[Parallelizable(ParallelScope.All)]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class BadClientTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [TestCase("1.1")]
    [TestCase("2.0")]
    public async Task Publish_AByteAtATime_IsServed(string version)
    {
        using var client = SharedServers.Gateway.Client(Version.Parse(version));
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        var text = Encoding.ASCII.GetBytes(Convert.ToBase64String(new byte[300]));

        var answer = await client.DataAsync(
            HttpMethod.Post,
            $"/v1/data/subject/{stream}",
            new PacedContent(Enumerable.Range(0, text.Length).Select(index => (ReadOnlyMemory<byte>)text.AsMemory(index, 1))));

        Assert.That(answer.Success, Is.True, answer.ToString());
        Assert.That((int)(await client.StreamAsync(stream))["state"]!["messages"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task Publish_TenGigabytesAnnounced_Is413AtOnce()
    {
        var start = Stopwatch.GetTimestamp();
        var answer = await RawHttp.SendAsync(
            SharedServers.Gateway.Dataplane, "POST /v1/data/subject/x HTTP/1.1\nContent-Length: 10737418240");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(413), answer);
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(2)));
        }
    }

    [Test]
    public async Task Publish_EndlessChunks_Is413WhileReading()
    {
        var chunk = new byte[64 * 1024];
        Array.Fill(chunk, (byte)'A');
        byte[] framed = [.. "10000\r\n"u8, .. chunk, .. "\r\n"u8];
        var answer = await RawHttp.SendAsync(
            SharedServers.Gateway.Dataplane,
            "POST /v1/data/subject/x HTTP/1.1\nTransfer-Encoding: chunked",
            Enumerable.Repeat((ReadOnlyMemory<byte>)framed, int.MaxValue));
        Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(413), answer);
    }

    [Test]
    public async Task Headers_WithoutEnd_AreRefusedInTime()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, readTimeout: Second);
        var answer = await SendUnfinishedAsync(gateway.Dataplane, "GET /v1/data/alive HTTP/1.1\r\nHost: localhost\r\nX-More: ");
        Assert.That(answer, Is.Empty.Or.StartsWith("HTTP/1.1 408"));
    }

    [Test]
    public async Task Headers_Endless_Are431()
    {
        // Up to four times limits.max_header_bytes their end is waited for, so that the answer can have a body.
        var answer = await SendUnfinishedAsync(
            SharedServers.Gateway.Dataplane, "GET /v1/data/alive HTTP/1.1\r\nHost: localhost\r\nX-More: " + new string('x', 256 * 1024));
        Assert.That(answer, Is.Empty.Or.StartsWith("HTTP/1.1 431"));
    }

    [Test]
    public async Task Garbage_OnThePort_IsClosedAndOthersAreServed()
    {
        var random = new Random(5);
        for (var round = 0; round < 50; round++)
        {
            var garbage = new byte[random.Next(1, 4096)];
            random.NextBytes(garbage);
            using var socket = new TcpClient();
            await socket.ConnectAsync(SharedServers.Gateway.Dataplane.Host, SharedServers.Gateway.Dataplane.Port);
            await socket.GetStream().WriteAsync(garbage);
        }

        using var client = SharedServers.Gateway.Client();
        Assert.That((await client.DataAsync(HttpMethod.Get, "/v1/data/alive")).Success, Is.True);
    }

    [Test]
    public async Task Http2_StreamsOpenedAndReset_DoNotDisturbOthers()
    {
        const int Streams = 2000;
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats);
        using var client = gateway.Client();
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        using var http =
            new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var never = new TaskCompletionSource();

        for (var count = 0; count < Streams; count += 100)
        {
            using var reset = new CancellationTokenSource();
            var requests = Enumerable.Range(0, 100)
                .Select(_ => TryAsync(http, new Uri(gateway.Dataplane, $"/v1/data/subject/{stream}"), never.Task, reset.Token)).ToArray();
            await client.PublishAsync(stream, "meanwhile");
            await reset.CancelAsync();
            await Task.WhenAll(requests);
        }

        Assert.That((int)(await client.StreamAsync(stream))["state"]!["messages"]!, Is.EqualTo(
            Streams / 100), "a body that was not complete was stored");
    }

    [Test]
    public async Task Subscribe_FiveHundredConnectAndVanish_LeaveNoPumpAndAnUnboundConsumer()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats);
        using var client = gateway.Client();
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c", new JsonObject { ["delivery_group"] = "g" });

        await Parallel.ForAsync(0, 500, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, cancel) =>
        {
            // Gone as soon as it has asked, with a reset.
            using var socket = new TcpClient { LingerState = new LingerOption(enable: true, seconds: 0) };
            await socket.ConnectAsync(gateway.Dataplane.Host, gateway.Dataplane.Port, cancel);
            var ask = $"GET /v1/data/stream/{stream}/consumer/c?subject_name={stream}&delivery_group=g HTTP/1.1\r\nHost: localhost\r\n\r\n";
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(ask), cancel);
        });

        // Whoever comes now is behind them.
        await using (var last = await client.SubscribeAsync(stream, "c", $"subject_name={stream}&delivery_group=g"))
        {
            await client.PublishAsync(stream, "m");
        }

        var streams = gateway.DataplaneServices.GetRequiredService<OpenStreams>();
        await Eventually.HoldsAsync(() => streams.Count == 0, "no open stream");
        await Eventually.HoldsAsync(
            async () => (bool?)(await client.ConsumerAsync(stream, "c"))["push_bound"] is not true, "an unbound consumer");
    }

    private static async Task<string> SendUnfinishedAsync(Uri server, string text)
    {
        using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Host, server.Port, timeLimit.Token);
        try
        {
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), timeLimit.Token);
            using var reader = new StreamReader(socket.GetStream());
            return await reader.ReadToEndAsync(timeLimit.Token);
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }

    private static async Task TryAsync(HttpClient http, Uri uri, Task end, CancellationToken reset)
    {
        try
        {
            using var body = new PacedContent(["aGk"u8.ToArray()], end);
            using var response = await http.PostAsync(uri, body, reset);
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException)
        {
            // As intended: reset; or the server had enough of this connection.
        }
    }
}
