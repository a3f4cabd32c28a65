using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Httpmq.Api.Http;
using Httpmq.Api.Tls;
using Httpmq.Tests.Api.Hosting.Transport;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Api.Tls;

/// <summary>Files that change while the process runs.</summary>
internal sealed class TlsCertificatesTests
{
    private string _folder = null!;
    private TestCertificates _authority = null!;
    private TlsSettings _settings = null!;
    private RecordingLogs _logs = null!;
    private TlsCertificates _certificates = null!;

    [SetUp]
    public void Load()
    {
        _folder = Directory.CreateTempSubdirectory("httpmq-certificates-").FullName;
        _authority = new TestCertificates(_folder);
        var (certificate, key) = _authority.Server("localhost");
        _settings = new TlsSettings
        {
            ListenOn = IPAddress.Loopback,
            ListenPort = 0,
            CertFile = certificate,
            KeyFile = key,
            ClientCaFile = _authority.Authority,
        };
        _logs = new RecordingLogs();
        _certificates = new TlsCertificates(
            _settings, new FakeTimeProvider(TimeProvider.System.GetUtcNow()), new LoggerFactory([_logs]).CreateLogger<TlsCertificates>());
        _certificates.Load();
    }

    [TearDown]
    public void RemoveFiles()
    {
        _certificates.Dispose();
        _logs.Dispose();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void Compare_NothingNew_SaysNothing()
    {
        var before = _certificates.Current;
        _certificates.Compare();

        Assert.That(_certificates.Current, Is.SameAs(before));
        Assert.That(_logs.Messages, Is.Empty);
    }

    [Test]
    public void Compare_Renewed_IsTakenOver()
    {
        var before = Serial();
        _authority.Server("localhost");
        _certificates.Compare();

        Assert.That(Serial(), Is.Not.EqualTo(before));
        Assert.That(_logs.Messages, Has.One.Contains($"new connections get {_settings.CertFile}, which"));
    }

    /// <summary>Between the two writes they do not fit: that is nothing to report, unless it stays like that.</summary>
    [Test]
    public void Compare_OneFileAfterTheOther_IsTakenOverWithoutAComplaint()
    {
        var (before, key) = (Serial(), File.ReadAllText(_settings.KeyFile));
        _authority.Server("localhost");
        var newKey = File.ReadAllText(_settings.KeyFile);
        File.WriteAllText(_settings.KeyFile, key);
        _certificates.Compare();
        Assert.That(Serial(), Is.EqualTo(before));

        File.WriteAllText(_settings.KeyFile, newKey);
        _certificates.Compare();
        Assert.That(Serial(), Is.Not.EqualTo(before));
        Assert.That(_logs.Messages, Has.None.Contains("kept"));
    }

    [TestCase("", "cert_file: 'FILE' has no certificate in PEM form")]
    [TestCase("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cert_file: 'FILE' has a certificate that is damaged")]
    [TestCase(null, "cert_file: 'FILE' does not exist")]
    public void Compare_StaysBroken_KeepsTheLastGoodOneAndSaysSoOnce(string? content, string reason)
    {
        var (before, good) = (Serial(), File.ReadAllText(_settings.CertFile));
        File.Delete(_settings.CertFile);
        if (content is not null)
        {
            File.WriteAllText(_settings.CertFile, content);
        }

        for (var time = 0; time < 4; time++)
        {
            _certificates.Compare();
        }

        Assert.That(Serial(), Is.EqualTo(before));
        Assert.That(_logs.Messages, Has.Exactly(1).Contains(reason.Replace("FILE", _settings.CertFile, StringComparison.Ordinal)));
        File.WriteAllText(_settings.CertFile, good);
        _certificates.Compare();
        Assert.That(Serial(), Is.EqualTo(before));
    }

    /// <summary>A copy that stopped half-way: the framework takes what is whole of it.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void Compare_SecondCertificateIsCutOff_KeepsTheLastGoodOnes(bool authorities)
    {
        var (file, before) = (authorities ? _settings.ClientCaFile! : _settings.CertFile, _certificates.Current);
        var whole = File.ReadAllText(file);
        File.WriteAllText(file, whole + whole[..^100]);
        for (var time = 0; time < 4; time++)
        {
            _certificates.Compare();
        }

        Assert.That(_certificates.Current, Is.SameAs(before));
        Assert.That(_logs.Messages, Has.One.Contains($"'{file}' ends in the middle of a certificate"));
    }

    [Test]
    public void Compare_OtherAuthority_HoldsForNewClients()
    {
        using var other = new TestCertificates(_folder, "other");
        File.Copy(other.Authority, _settings.ClientCaFile!, overwrite: true);
        _certificates.Compare();

        Assert.That(_certificates.Current.Authorities!.Single().Subject, Is.EqualTo("CN=other"));
    }

    /// <summary>The process compares by itself, and who is connected stays so.</summary>
    [Test]
    public async Task Gateway_FileIsRenewed_ShowsTheNewOneToNewConnections()
    {
        await using var server = await TlsGateway.StartAsync();
        var seen = string.Empty;
        using var kept = server.Client();
        await AliveAsync(kept, server);
        var before = await SeeAsync();
        server.Authority.Server("localhost");

        await Eventually.HoldsAsync(
            async () => !string.Equals(await SeeAsync(), before, StringComparison.Ordinal), "another certificate is shown");
        await AliveAsync(kept, server);

        async Task<string> SeeAsync()
        {
            using var client = new HttpClient(server.Handler(seen: certificate => seen = certificate.SerialNumber));
            await AliveAsync(client, server);
            return seen;
        }
    }

    private static async Task AliveAsync(HttpClient client, TlsGateway server)
    {
        using var answer = await client.GetAsync(new Uri(server.Dataplane, "/v1/data/alive"));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    private string Serial() => _certificates.Current.Certificate.TargetCertificate.SerialNumber;
}
