using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Transport;

/// <summary>Which protocol is spoken, for good clients and bad ones.</summary>
[TestFixture]
public sealed class DualProtocolTests
{
    private DualProtocolServer _server = null!;

    [SetUp]
    public async Task StartAsync() => _server = await DualProtocolServer.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [TestCase("1.1", "HTTP/1.1")]
    [TestCase("2.0", "HTTP/2")]
    public async Task Request_ExactVersion_IsServedWithThatVersion(string version, string expected)
    {
        using var client = Wire.Client(_server, Version.Parse(version));

        Assert.That(await Wire.EchoAsync(client, "hello"), Is.EqualTo(expected));
        Assert.That(await Wire.EchoAsync(client, new string('x', 1_000_000)), Is.EqualTo(expected));
    }

    [TestCase("1.1", "HTTP/1.1")]
    [TestCase("2.0", "HTTP/2")]
    public async Task Request_EveryByteInItsOwnPacket_IsServed(string version, string expected)
    {
        using var client = Wire.Client(_server, Version.Parse(version), stream => new DripStream(stream));

        Assert.That(await Wire.EchoAsync(client, "drop by drop"), Is.EqualTo(expected));
    }

    [Test]
    public async Task Preface_OthersServedBetweenItsBytes_IsAnsweredWithSettings()
    {
        using var socket = await Wire.ConnectAsync(_server);
        foreach (var b in "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray())
        {
            // The round trip gives the server the time to look at this byte alone.
            await socket.SendAsync(new[] { b });
            Assert.That(await Wire.RoundTripAsync(_server, HttpVersion.Version11), Is.EqualTo("HTTP/1.1"));
        }

        await socket.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        var header = new byte[9];
        await new NetworkStream(socket).ReadExactlyAsync(header);

        Assert.That(header[3], Is.EqualTo(4), "the type of the first frame: SETTINGS");
    }

    [Test]
    public async Task Request_UpgradeToH2c_IsAnsweredWithHttp11()
    {
        using var socket = await Wire.SendAsync(
            _server,
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n" +
            "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n");

        Assert.That(
            await Wire.ReadToCloseAsync(socket),
            Does.StartWith("HTTP/1.1 200 OK\r\n").And.Contains("X-Protocol: HTTP/1.1"));
    }

    [TestCase("\x16\x03\x01\x02\x00\x01garbage\r\n\r\n", "HTTP/1.1 400")]
    [TestCase("GARBAGE\r\n\r\n", "HTTP/1.1 400")]
    // Kestrel's HTTP/1.1 knows the preface's first line too and answers with the HTTP/2 frame GOAWAY (8 bytes, type 7).
    [TestCase("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "\0\0\x08\x07")]
    [TestCase("PRI /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200")]
    public async Task Bytes_NotThePreface_AreAnsweredByHttp11(string bytes, string answer)
    {
        using var socket = await Wire.SendAsync(_server, bytes);

        Assert.That(await Wire.ReadToCloseAsync(socket), Does.Match("^" + answer));
        Assert.That(await Wire.RoundTripAsync(_server, HttpVersion.Version20), Is.EqualTo("HTTP/2"));
    }

    [TestCase("")]
    [TestCase("PRI * HT")]
    public async Task Connection_EndedBeforeItsProtocolIsKnown_IsClosed(string bytes)
    {
        using var socket = await Wire.SendAsync(_server, bytes);
        socket.Shutdown(SocketShutdown.Send);

        Assert.That(await Wire.ReadToCloseAsync(socket), Is.Empty);
        Assert.That(await Wire.RoundTripAsync(_server, HttpVersion.Version11), Is.EqualTo("HTTP/1.1"));
    }

    [Test]
    public async Task Connection_ResetInPeek_DoesNotDisturbOthers()
    {
        using (var socket = await Wire.SendAsync(_server, "PRI"))
        {
            await Wire.RoundTripAsync(_server, HttpVersion.Version11);
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        Assert.That(await Wire.RoundTripAsync(_server, HttpVersion.Version20), Is.EqualTo("HTTP/2"));
    }

    [Test]
    public async Task Connection_Accepted_HasNoDelayAndBothAddresses()
    {
        RequestDelegate handler = context =>
        {
            var socket = context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
            context.Response.Headers["X-Protocol"] =
                $"{socket.NoDelay} {context.Connection.LocalPort} {context.Connection.RemoteIpAddress}";
            return context.Request.Body.CopyToAsync(context.Response.Body);
        };
        await using var server = await DualProtocolServer.StartAsync(handler: handler);

        Assert.That(
            await Wire.RoundTripAsync(server, HttpVersion.Version20), Is.EqualTo($"True {server.EndPoint.Port} 127.0.0.1"));
    }

    [Test]
    public async Task Requests_LargeConcurrentMix_AreAllServed()
    {
        const int PerKind = 100;
        var silent = await Task.WhenAll(Enumerable.Range(0, PerKind).Select(_ => Wire.ConnectAsync(_server)));
        using var shared = Wire.Client(_server, HttpVersion.Version20);

        var http11 = Enumerable.Range(0, PerKind).Select(_ => Wire.RoundTripAsync(_server, HttpVersion.Version11));
        var http2 = Enumerable.Range(0, PerKind).Select(_ => Wire.RoundTripAsync(_server, HttpVersion.Version20));
        var streams = Enumerable.Range(0, PerKind).Select(i => Wire.EchoAsync(shared, $"stream {i}"));
        var garbage = Enumerable.Range(0, PerKind).Select(async _ =>
        {
            using var socket = await Wire.SendAsync(_server, "?\r\n\r\n");
            return (await Wire.ReadToCloseAsync(socket))[..12];
        });
        var answers = await Task.WhenAll(http11.Concat(http2).Concat(streams).Concat(garbage));

        Assert.That(
            answers.CountBy(a => a, StringComparer.Ordinal),
            Is.EquivalentTo(new Dictionary<string, int>(StringComparer.Ordinal)
            {
                ["HTTP/1.1"] = PerKind,
                ["HTTP/2"] = 2 * PerKind,
                ["HTTP/1.1 400"] = PerKind,
            }));
        Array.ForEach(silent, s => s.Dispose());
    }
}
