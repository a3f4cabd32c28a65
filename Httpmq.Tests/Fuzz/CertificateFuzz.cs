using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Httpmq.Api.Http;
using Httpmq.Api.Tls;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Httpmq.Tests.Fuzz;

/// <summary>
/// Certificates that are damaged where their authority does not look, and files that are damaged anywhere: whoever shows one is refused in
/// words, and what was good stays. By seed; the failing case is in the message.
/// </summary>
internal sealed class CertificateFuzz
{
    private const string AlternativeNames = "2.5.29.17";
    private const string ExtendedUsage = "2.5.29.37";
    private const string Known = "spiffe://corp/worker";

    private const string Yaml = """
        dataplane: { api_server: { tls: { cert_file: c, key_file: k, client_ca_file: a } } }
        auth:
          mtls: [{ san: "spiffe://corp/worker", name: worker, roles: [worker] }]
          roles: { worker: { publish: { allow: [orders.>] } } }
        """;

    // What a general name may look like in DER: kinds that we read and kinds that we do not, with text that no name has.
    private static readonly byte[][] Names =
    [
        [0x86, 0x14, .. "spiffe://corp/worker"u8], [0x86, 0x15, .. "spiffe://corp/worker\0"u8], [0x82, 0x14, .. "spiffe://corp/worker"u8],
        [0x82, 0x00], [0x81, 0x01, 0x40], [0x86, 0x02, 0xC3, 0xA9], [0x82, 0x01, 0xFF], [0x87, 0x04, 127, 0, 0, 1], [0x88, 0x01, 0x2A],
        [0xA0, 0x80, 0x00, 0x00], [0xA6, 0x16, 0x0C, 0x14, .. "spiffe://corp/worker"u8], [0x86, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
        [0x86, 0x81, 0x01, 0x41], [0x1F, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x00], [0x06, 0x03, 0x55, 0x1D, 0x11],
    ];

    private Random _random = null!;
    private string _folder = null!;

    [SetUp]
    public void Seed()
    {
        _random = new Random(FuzzRun.Seed);
        _folder = Directory.CreateTempSubdirectory("httpmq-certificates-").FullName;
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Names_OfAnyExtension_AreThoseOfOneThatIsWhole()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        for (var number = 0; number < FuzzRun.Cases(500); number++)
        {
            var bytes = AnyNames();
            using var certificate = SignSelf(key, new X509Extension(AlternativeNames, bytes, critical: false));

            var names = CertificateName.Read(certificate);

            Assert.That(
                (names ?? []).SelectMany(static name => name.Text).All(static one => one <= '\x7f'),
                $"case {number}: {Convert.ToHexString(bytes)}");
        }
    }

    [Test]
    public async Task Connections_WithDamagedCertificates_AreRefusedAndTheNextIsServed()
    {
        await using var server = await TlsGateway.StartAsync(
            configure: static (tls, authority) => tls with { ClientCaFile = authority }, access: Yaml);
        for (var number = 0; number < FuzzRun.Cases(60); number++)
        {
            var bytes = AnyNames();
            using var shown = server.Authority.ClientWith(new X509Extension(AlternativeNames, bytes, critical: _random.Next(4) == 0));

            var status = await PublishAsync(server, shown);

            // NATS is not there: who is known is answered 503.
            var isKnown = bytes.AsSpan().IndexOf(Names[0]) >= 0;
            Assert.That(
                status, isKnown ? Is.AnyOf(0, 401, 503) : Is.AnyOf(0, 401), $"case {number}: {Convert.ToHexString(bytes)}");
        }

        using var good = server.Authority.ClientOf([Known]);
        Assert.That(await PublishAsync(server, good), Is.EqualTo(503));
    }

    [Test]
    public void Files_DamagedAnywhere_KeepWhatWasGood()
    {
        using var authority = new TestCertificates(_folder);
        var (certificate, key) = authority.Server("localhost");
        var settings = new TlsSettings
        {
            ListenOn = IPAddress.Loopback,
            ListenPort = 0,
            CertFile = certificate,
            KeyFile = key,
            ClientCaFile = authority.Authority,
        };
        string[] files = [certificate, key, authority.Authority];
        var good = files.ToDictionary(static file => file, File.ReadAllBytes, StringComparer.Ordinal);
        using var certificates = new TlsCertificates(settings, TimeProvider.System, NullLogger<TlsCertificates>.Instance);
        certificates.Load();
        for (var number = 0; number < FuzzRun.Cases(400); number++)
        {
            var file = files[_random.Next(files.Length)];
            var damaged = _random.Next(2) == 0 ? Damage(good[file]) : DamageInside(good[file]);
            File.WriteAllBytes(file, damaged);

            Assert.That(certificates.Compare, Throws.Nothing, $"case {number}: {Path.GetFileName(file)} {Convert.ToHexString(damaged)}");
            Assert.That(certificates.Current.Certificate.TargetCertificate.HasPrivateKey, Is.True, $"case {number}");
            File.WriteAllBytes(file, good[file]);
            certificates.Compare();
        }

        using var expected = X509CertificateLoader.LoadCertificateFromFile(certificate);
        Assert.That(certificates.Current.Certificate.TargetCertificate.Thumbprint, Is.EqualTo(expected.Thumbprint));
    }

    /// <summary>A certificate whose usage cannot be read is one that is wrong, also at the start.</summary>
    [TestCase("")]
    [TestCase("05")]
    [TestCase("3003060155")]
    [TestCase("300506055504")]
    public void File_WithAUsageThatCannotBeRead_IsRefusedInWords(string usage)
    {
        using var authority = new TestCertificates(_folder);
        using var whole = authority.ClientWith(new X509Extension(ExtendedUsage, Convert.FromHexString(usage), critical: false));
        var (certificate, key) = (Path.Combine(_folder, "c.pem"), Path.Combine(_folder, "k.pem"));
        File.WriteAllText(certificate, whole.ExportCertificatePem());
        File.WriteAllText(key, whole.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        using var certificates = new TlsCertificates(
            new TlsSettings { ListenOn = IPAddress.Loopback, ListenPort = 0, CertFile = certificate, KeyFile = key },
            TimeProvider.System,
            NullLogger<TlsCertificates>.Instance);

        Assert.That(certificates.Load, Throws.InstanceOf<TlsException>().With.Message.Contains(certificate));
    }

    /// <summary>A list of names: of those above, and damaged more often than not.</summary>
    private byte[] AnyNames()
    {
        var names = Enumerable.Range(0, _random.Next(1, 5)).SelectMany(_ => Names[_random.Next(Names.Length)]).ToArray();
        byte[] list = names.Length < 0x80 ? [0x30, (byte)names.Length, .. names] : [0x30, 0x81, (byte)names.Length, .. names];
        return _random.Next(3) == 0 ? list : Damage(list);
    }

    private byte[] Damage(byte[] bytes)
    {
        var damaged = bytes.ToList();
        for (var count = _random.Next(1, 4); count > 0 && damaged.Count > 0; count--)
        {
            var at = _random.Next(damaged.Count);
            switch (_random.Next(5))
            {
                case 0:
                    damaged.RemoveRange(at, damaged.Count - at);
                    break;
                case 1:
                    damaged.InsertRange(at, damaged.GetRange(at, Math.Min(20, damaged.Count - at)));
                    break;
                case 2:
                    damaged.RemoveAt(at);
                    break;
                default:
                    damaged[at] = (byte)_random.Next(256);
                    break;
            }
        }

        return [.. damaged];
    }

    /// <summary>Damages what the PEM stands for, and wraps it again.</summary>
    private byte[] DamageInside(byte[] file)
    {
        var text = System.Text.Encoding.ASCII.GetString(file);
        var found = PemEncoding.Find(text);
        var der = Damage(Convert.FromBase64String(text[found.Base64Data]));
        return System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString(text[found.Label], der));
    }

    private static X509Certificate2 SignSelf(ECDsa key, X509Extension extension)
    {
        var request = new CertificateRequest("CN=client", key, HashAlgorithmName.SHA256) { CertificateExtensions = { extension } };
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    /// <returns>0: the connection ended.</returns>
    private static async Task<int> PublishAsync(TlsGateway server, X509Certificate2 shown)
    {
        using var client = server.Client("1.1", shown);
        try
        {
            using var answer = await client.PostAsync(new Uri(server.Dataplane, "/v1/data/subject/orders.1"), new StringContent("aGk="));
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }
}
