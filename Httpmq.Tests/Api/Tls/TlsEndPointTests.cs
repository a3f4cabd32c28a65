using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Tls;

/// <summary>The port with TLS, over sockets. NATS is not there.</summary>
internal sealed class TlsEndPointTests
{
    private static readonly byte[] ClientHello = [0x16, 0x03, 0x01, 0x00, 0xC8, 0x01, 0x00, 0x00, 0xC4, 0x03, 0x03];

    private TlsGateway _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await TlsGateway.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [TestCase("1.1")]
    [TestCase("2.0")]
    public async Task Request_OnBothPorts_IsServedInBothVersions(string version)
    {
        using var client = _server.Client(version);
        foreach (var uri in new[]
        {
            new Uri(_server.Dataplane, "/v1/data/alive"), new Uri(_server.Management, "/v1/admin/alive"),
            new Uri(_server.Gateway.Dataplane, "/v1/data/alive"),
        })
        {
            using var answer = await client.GetAsync(uri);
            Assert.That((answer.StatusCode, answer.Version), Is.EqualTo((HttpStatusCode.OK, new Version(version))), $"{uri}");
        }
    }

    [TestCase(SslProtocols.Tls12)]
    [TestCase(SslProtocols.Tls13)]
    public async Task MinVersion_Of12_TakesBoth(SslProtocols version) =>
        Assert.That(await HandshakeAsync(_server, version), Is.EqualTo(version));

    [Test]
    public async Task MinVersion_Of13_RefusesOlder()
    {
        await using var strict = await TlsGateway.StartAsync(configure: static (tls, _) => tls with { Protocols = SslProtocols.Tls13 });

        Assert.That(await HandshakeAsync(strict, SslProtocols.Tls13), Is.EqualTo(SslProtocols.Tls13));
        Assert.That(await HandshakeAsync(strict, SslProtocols.Tls12), Is.EqualTo(SslProtocols.None));
    }

    [TestCase("http/1.1")]
    [TestCase("h2")]
    public async Task Alpn_Offered_IsTaken(string protocol)
    {
        using var socket = await ConnectAsync(_server.Dataplane);
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            CertificateChainPolicy = _server.Trust(),
            ApplicationProtocols = [new SslApplicationProtocol(protocol)],
        });

        Assert.That(tls.NegotiatedApplicationProtocol, Is.EqualTo(new SslApplicationProtocol(protocol)));
    }

    [Test]
    public async Task Only_ListensWithTlsAlone()
    {
        await using var only = await TlsGateway.StartAsync(configure: static (tls, _) => tls with { Only = true });
        using var client = only.Client();
        using var answer = await client.GetAsync(new Uri(only.Dataplane, "/v1/data/alive"));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(only.Gateway.Dataplane, Is.EqualTo(only.Gateway.DataplaneTls), "the first address is that with TLS");
    }

    /// <summary>Whatever comes, the connection ends soon, and others are served.</summary>
    [TestCase("GET /v1/data/alive HTTP/1.1\r\nHost: localhost\r\n\r\n", "this port speaks TLS: write https:// instead of http://")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "this port speaks TLS")]
    [TestCase("\0\0\0\0", "this port speaks TLS")]
    [TestCase("\u0016garbage that is no handshake", "")]
    [TestCase("\u0016\u0003\u0001\u0000\u0005hello", "")]
    public async Task Wire_NoHandshake_EndsWithAClearAnswer(string sent, string expected)
    {
        using var socket = await ConnectAsync(_server.Dataplane);
        await socket.SendAsync(Encoding.Latin1.GetBytes(sent));

        var answer = await ReadToEndAsync(socket);
        Assert.That(answer, Does.Contain(expected));
        Assert.That(answer, expected.Length > 0 ? Does.StartWith("HTTP/1.1 400 ") : Does.Not.Contain("HTTP"));
        await IsServedAsync();
    }

    /// <summary>A handshake that stops in the middle ends at the time limit, one that is cut off at once.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task Handshake_Truncated_Ends(bool closes)
    {
        await using var hasty = closes ? null : await TlsGateway.StartAsync(
            configure: static (tls, _) => tls with { HandshakeTimeout = TimeSpan.FromMilliseconds(500) });
        await Task.WhenAll(new[] { 0, 1, 5, ClientHello.Length }.Select(async length =>
        {
            using var socket = await ConnectAsync((hasty ?? _server).Dataplane);
            await socket.SendAsync(ClientHello.AsMemory(0, length));
            if (closes)
            {
                socket.Shutdown(SocketShutdown.Send);
            }

            await ReadToEndAsync(socket);
        }));
        await IsServedAsync();
    }

    [Test]
    public async Task Handshake_ThousandUnfinished_OthersAreServed()
    {
        var half = new List<Socket>();
        try
        {
            for (var count = 0; count < 1000; count++)
            {
                var socket = await ConnectAsync(_server.Dataplane);
                half.Add(socket);
                await socket.SendAsync(ClientHello);
            }

            await IsServedAsync();
        }
        finally
        {
            half.ForEach(static socket => socket.Dispose());
        }
    }

    [Test]
    public async Task Cleartext_GetsAHandshake_AnswersAndEnds()
    {
        using var socket = await ConnectAsync(_server.Gateway.Dataplane);
        await using var tls = new SslStream(new NetworkStream(socket));

        Assert.That(
            async () => await tls.AuthenticateAsClientAsync("localhost").WaitAsync(Eventually.TimeLimit),
            Throws.InstanceOf<AuthenticationException>().Or.InstanceOf<IOException>());
    }

    private async Task IsServedAsync()
    {
        using var client = _server.Client();
        using var answer = await client.GetAsync(new Uri(_server.Dataplane, "/v1/data/alive"));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>The version that was agreed upon; none where there was no agreement.</summary>
    private static async Task<SslProtocols> HandshakeAsync(TlsGateway server, SslProtocols version)
    {
        using var socket = await ConnectAsync(server.Dataplane);
        await using var tls = new SslStream(new NetworkStream(socket));
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = version,
                CertificateChainPolicy = server.Trust(),
            });
            return tls.SslProtocol;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            return SslProtocols.None;
        }
    }

    private static async Task<Socket> ConnectAsync(Uri server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        return socket;
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Eventually.TimeLimit);
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) is > 0 and var length)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, length));
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
        {
            // An end as well.
        }

        return text.ToString();
    }
}
