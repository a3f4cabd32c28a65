using System.Net;
using System.Net.Sockets;
using System.Text;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>TLS, at a nats-server that demands it, or does not do it.</summary>
[Parallelizable]
internal sealed class NatsTlsTests : NatsAccessFixture
{
    private const string Loopback = "127.0.0.1";

    private TestCertificates _ca = null!;

    [SetUp]
    public void MakeAuthority() => _ca = new TestCertificates(Folder);

    [TearDown]
    public void DisposeAuthority() => _ca.Dispose();

    [TestCase(NatsTlsMode.Auto)]
    [TestCase(NatsTlsMode.Require)]
    public async Task Connect_OwnCa_IsEncrypted(NatsTlsMode mode)
    {
        var nats = await ServeAsync(TlsOf(Loopback));

        await WorksAsync(await StartAsync(nats, new NatsTls { Mode = mode, CaFile = _ca.Authority }));
        Assert.That(nats.Errors, Does.Not.Contain("TLS handshake error"), "checks of the server shake hands, too");
    }

    [Test]
    public async Task Connect_OwnCaAndCertificate_IsKnownByIt()
    {
        var nats = await ServeAsync(TlsOf(Loopback, $"ca_file: \"{_ca.Authority}\", verify: true"));
        var (certificate, key) = _ca.Client();

        await WorksAsync(await StartAsync(nats, new NatsTls { CaFile = _ca.Authority, CertFile = certificate, KeyFile = key }));
    }

    [Test]
    public async Task Connect_First_IsEncryptedFromTheFirstByteOn()
    {
        RequireHandshakeFirst();
        var nats = await ServeAsync(TlsOf(Loopback, "handshake_first: true"));

        await WorksAsync(await StartAsync(nats, new NatsTls { Mode = NatsTlsMode.First, CaFile = _ca.Authority }));
        Assert.That(nats.Errors, Does.Not.Contain("TLS handshake error"));
    }

    [Test]
    public async Task Connect_CaIsRenewedAfterTheServersCertificate_GoesOn()
    {
        var nats = await ServeAsync(TlsOf(Loopback));
        using var other = new TestCertificates(Folder, "other");
        var trusted = Write("trusted.pem", await File.ReadAllTextAsync(other.Authority));
        var client = await StartAsync(nats, new NatsTls { CaFile = trusted, SettingName = "nats.tls" });
        await ProblemAsync(client, $"the certificate of 127.0.0.1:{nats.Port} is not trusted (");
        await ProblemAsync(client, "nats.tls.ca_file says who may sign it");

        await File.WriteAllTextAsync(trusted, await File.ReadAllTextAsync(_ca.Authority));
        await OwnGateway.IsReadyAsync(client);
    }

    [Test]
    public async Task Connect_SystemsCas_RefusesAnUnknownOne()
    {
        var nats = await ServeAsync(TlsOf(Loopback));

        await ProblemAsync(await StartAsync(nats, new NatsTls { SettingName = "nats.tls" }), "is not trusted (");
    }

    [TestCase(NatsTlsMode.Require)]
    [TestCase(NatsTlsMode.First)]
    public async Task Connect_CertificateOfAnotherServer_IsRefused(NatsTlsMode mode)
    {
        if (mode is NatsTlsMode.First)
        {
            RequireHandshakeFirst();
        }

        var nats = await ServeAsync(TlsOf("elsewhere.example", mode is NatsTlsMode.First ? "handshake_first: true" : ""));

        await ProblemAsync(
            await StartAsync(nats, new NatsTls { Mode = mode, CaFile = _ca.Authority }),
            $"the certificate of 127.0.0.1:{nats.Port} is not for '127.0.0.1'; the server's URI needs a name that is in it");
    }

    [TestCase(NatsTlsMode.Require, "nats")]
    [TestCase(NatsTlsMode.Auto, "tls")]
    public async Task Connect_ServerWithoutTls_SendsNothing(NatsTlsMode mode, string scheme)
    {
        await using var nats = new Eavesdropper();
        var client = await StartGatewayAsync($"{scheme}://u:a-secret@127.0.0.1:{nats.Port}", options => options with
        {
            Tls = new NatsTls { Mode = mode, SettingName = "nats.tls" },
        });

        await ProblemAsync(client, $"127.0.0.1:{nats.Port} offers no TLS, and without TLS nothing is sent (nats.tls, or tls:// in");
        Assert.That(nats.Heard, Is.Empty);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Connect_FirstToAServerThatSpeaksFirst_SaysSo(bool hasTls)
    {
        var nats = await ServeAsync(hasTls ? TlsOf(Loopback) : "");
        var tls = new NatsTls { Mode = NatsTlsMode.First, CaFile = _ca.Authority, SettingName = "nats.tls" };

        await ProblemAsync(
            await StartAsync(nats, tls), "does not begin with TLS (");
    }

    [Test]
    public async Task Connect_NotFirstToAServerThatWaits_SaysSo()
    {
        RequireHandshakeFirst();
        var nats = await ServeAsync(TlsOf(Loopback, "handshake_first: true, timeout: 0.3"));

        await ProblemAsync(
            await StartAsync(nats, new NatsTls { CaFile = _ca.Authority, SettingName = "nats.tls" }),
            "closes the connection without a word; for a server with handshake_first set nats.tls.mode to 'first'");
    }

    [Test]
    public async Task Connect_WithoutTheCertificateThatIsDemanded_SaysSo()
    {
        var nats = await ServeAsync(TlsOf(Loopback, $"ca_file: \"{_ca.Authority}\", verify: true"));

        await ProblemAsync(
            await StartAsync(nats, new NatsTls { CaFile = _ca.Authority, SettingName = "nats.tls" }),
            "demands a client certificate; set nats.tls.cert_file and nats.tls.key_file");
    }

    [Test]
    public async Task Connect_CertificateThatTheServerDoesNotTrust_SaysSo()
    {
        var nats = await ServeAsync(TlsOf(Loopback, $"ca_file: \"{_ca.Authority}\", verify: true"));
        using var other = new TestCertificates(Folder, "other");
        var (certificate, key) = other.Client();
        var tls = new NatsTls { CaFile = _ca.Authority, CertFile = certificate, KeyFile = key, SettingName = "nats.tls" };

        await ProblemAsync(await StartAsync(nats, tls), "nats.tls.cert_file");
    }

    [Test]
    public async Task Connect_FileThatIsNoCertificate_IsNamed()
    {
        var nats = await ServeAsync(TlsOf(Loopback));
        var file = Write("ca.txt", "hello");

        await ProblemAsync(
            await StartAsync(nats, new NatsTls { CaFile = file, SettingName = "nats.tls" }),
            $"nats.tls.ca_file: '{file}' is of no use: there is no certificate in it");
    }

    private static void RequireHandshakeFirst()
    {
        if (!ServerUnderTest.IsAtLeast(2, 10))
        {
            Assert.Pass("nats-server has handshake_first from 2.10 on");
        }
    }

    private Task<GatewayClient> StartAsync(NatsServer nats, NatsTls tls) =>
        StartGatewayAsync(nats.Url, options => options with { Tls = tls });

    private string TlsOf(string name, string more = "")
    {
        var (certificate, key) = _ca.Server(name);
        return $$"""
            tls { cert_file: "{{certificate}}", key_file: "{{key}}", {{more}} }
            """;
    }

    /// <summary>Says that it is a nats-server without TLS, and hears what it is told.</summary>
    private sealed class Eavesdropper : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly StringBuilder _heard = new();
        private readonly Task _accepting;

        public Eavesdropper()
        {
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string Heard
        {
            get
            {
                lock (_heard)
                {
                    return _heard.ToString();
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            await _accepting;
        }

        private async Task AcceptAsync()
        {
            var hearing = new List<Task>();
            try
            {
                while (true)
                {
                    hearing.Add(HearAsync(await _listener.AcceptTcpClientAsync()));
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                await Task.WhenAll(hearing);
            }
        }

        private async Task HearAsync(TcpClient client)
        {
            using var closing = client;
            try
            {
                await client.GetStream().WriteAsync("""INFO {"server_id":"x","version":"2.10.0","max_payload":1048576}"""u8.ToArray());
                await client.GetStream().WriteAsync("\r\n"u8.ToArray());
                var buffer = new byte[4096];
                while (await client.GetStream().ReadAsync(buffer) is > 0 and var length)
                {
                    lock (_heard)
                    {
                        _heard.Append(Encoding.UTF8.GetString(buffer, 0, length));
                    }
                }
            }
            catch (IOException)
            {
                // It went without a word.
            }
        }
    }
}
