using System.Net;
using Httpmq.Api.Hosting.Transport;
using Microsoft.AspNetCore.Hosting;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Transport;

/// <summary>What a connection may cost: time in the peek, places in the peek, places on the port.</summary>
[TestFixture]
public sealed class DualProtocolLimitTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [TestCase("")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r")]
    public async Task Silence_OverTheOptionsLimit_IsClosed(string bytes)
    {
        await using var server = await DualProtocolServer.StartAsync(transport: o => o.PeekTimeout = Short);
        using var socket = await Wire.SendAsync(server, bytes);
        var closed = Wire.ReadToCloseAsync(socket);

        Assert.That(await Wire.RoundTripAsync(server, HttpVersion.Version11), Is.EqualTo("HTTP/1.1"));
        Assert.That(await Wire.RoundTripAsync(server, HttpVersion.Version20), Is.EqualTo("HTTP/2"));
        Assert.That(await closed, Is.Empty);
    }

    [Test]
    public async Task Silence_NoOwnLimit_TakesKestrelsRequestHeadersTimeout()
    {
        await using var server = await DualProtocolServer.StartAsync(kestrel: o => o.Limits.RequestHeadersTimeout = Short);
        using var socket = await Wire.ConnectAsync(server);

        Assert.That(await Wire.ReadToCloseAsync(socket), Is.Empty);
    }

    [Test]
    public async Task Silence_KestrelsLimitInfinite_IsNotClosed()
    {
        await using var server = await DualProtocolServer.StartAsync(
            kestrel: o => o.Limits.RequestHeadersTimeout = Timeout.InfiniteTimeSpan);
        using var socket = await Wire.ConnectAsync(server);
        await Wire.RoundTripAsync(server, HttpVersion.Version11);

        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());

        Assert.That(await Wire.ReadToCloseAsync(socket), Does.StartWith("HTTP/1.1 200"));
    }

    [Test]
    public async Task Peek_AllPlacesTaken_NextIsClosedAndPlacesComeBack()
    {
        await using var server = await DualProtocolServer.StartAsync(transport: o => o.MaxPeekingConnections = 2);
        using var first = await Wire.ConnectAsync(server);
        using var second = await Wire.SendAsync(server, "PRI");
        using var third = await Wire.ConnectAsync(server);

        Assert.That(await Wire.ReadToCloseAsync(third), Is.Empty);

        first.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Assert.That(await Wire.ReadToCloseAsync(first), Is.Empty);
        // The place is free a moment after the close is visible; until then the answer is another close.
        Assert.That(
            async () => await TryRoundTripAsync(server), Is.EqualTo("HTTP/2").After((int)Wire.Limit.TotalMilliseconds, 10));
    }

    [Test]
    public async Task Connections_OverMaxConcurrentConnections_AreCountedForBothProtocolsTogether()
    {
        await using var server = await DualProtocolServer.StartAsync(kestrel: o => o.Limits.MaxConcurrentConnections = 1);
        using (var http11 = Wire.Client(server, HttpVersion.Version11))
        {
            await Wire.EchoAsync(http11, "holds its connection open");

            Assert.That(async () => await Wire.RoundTripAsync(server, HttpVersion.Version20), Throws.InstanceOf<HttpRequestException>());
            Assert.That(await Wire.EchoAsync(http11, "still served"), Is.EqualTo("HTTP/1.1"));
        }

        Assert.That(
            async () => await TryRoundTripAsync(server), Is.EqualTo("HTTP/2").After((int)Wire.Limit.TotalMilliseconds, 10));
    }

    [Test]
    public async Task ConnectionLogging_SetAsEndpointDefault_SeesThePeekedBytesOfBothProtocols()
    {
        using var logs = new RecordingLogs();
        await using var server = await DualProtocolServer.StartAsync(
            kestrel: o => o.ConfigureEndpointDefaults(listen => listen.UseConnectionLogging()), logs: logs);

        await Wire.RoundTripAsync(server, HttpVersion.Version11);
        await Wire.RoundTripAsync(server, HttpVersion.Version20);

        Assert.That(logs.Messages, Has.Some.Contains("50 4F 53 54 20 2F"), "POST /");
        Assert.That(logs.Messages, Has.Some.Contains("50 52 49 20 2A 20"), "PRI *");
    }

    [Test]
    public void Options_OutOfRange_AreRefused()
    {
        var options = new DualProtocolTransportOptions();

        Assert.That(() => options.PeekTimeout = TimeSpan.Zero, Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => options.MaxPeekingConnections = 0, Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => options.PeekTimeout = Timeout.InfiniteTimeSpan, Throws.Nothing);
    }

    private static async Task<string> TryRoundTripAsync(DualProtocolServer server)
    {
        try
        {
            return await Wire.RoundTripAsync(server, HttpVersion.Version20);
        }
        catch (HttpRequestException)
        {
            return "refused";
        }
    }
}
