using System.Security.Authentication;
using System.Security.Cryptography;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting.Configuration;

/// <summary>The section tls of an API: nobody ends up with a port in the clear, or with a certificate that nobody takes.</summary>
internal sealed class TlsConfigurationTests : ConfigurationTest
{
    private const string Tls = "management.api_server.tls";

    private TestCertificates _authority = null!;
    private string _certificate = null!;
    private string _key = null!;

    [SetUp]
    public void MakeCertificates()
    {
        _authority = new TestCertificates(MakeDirectory("certificates"));
        (_certificate, _key) = _authority.Server("localhost");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [TearDown]
    public void ForgetAuthority() => _authority.Dispose();

    [Test]
    public void Read_Nothing_IsOff() => Assert.That(Settings("all").Management.Tls, Is.Null);

    [Test]
    public void Read_Files_HaveTheDefaults()
    {
        var run = Accept("all", "-c", FileOf("cert_file: CERT, key_file: KEY"));
        var tls = run.Settings.Management.Tls!;

        Assert.That(run.Warnings, Is.Empty);
        using (Assert.EnterMultipleScope())
        {
            Assert.That($"{tls.ListenOn}:{tls.ListenPort}", Is.EqualTo("127.0.0.1:3443"));
            Assert.That((tls.ClientCaFile, tls.RequireClientCertificate, tls.Only), Is.EqualTo(((string?)null, false, false)));
            Assert.That(tls.Protocols, Is.EqualTo(SslProtocols.Tls12 | SslProtocols.Tls13));
            Assert.That(run.Settings.Dataplane.Tls, Is.Null);
        }
    }

    [Test]
    public void Read_AllKeys_AreTaken()
    {
        var tls = Settings("management", "-c", FileOf(
            "listen_on: 10.0.0.1, listen_port: 443, cert_file: CERT, key_file: KEY, client_ca_file: CA, require_client_certificate: true, "
            + "min_version: 1.3, only: true")).Management.Tls!;

        Assert.That($"{tls.ListenOn}:{tls.ListenPort}", Is.EqualTo("10.0.0.1:443"));
        Assert.That((tls.ClientCaFile, tls.RequireClientCertificate, tls.Only), Is.EqualTo((_authority.Authority, true, true)));
        Assert.That(tls.Protocols, Is.EqualTo(SslProtocols.Tls13));
    }

    [Test]
    public void Read_Environment_IsEnough()
    {
        Environment["Httpmq__Management__ApiServer__Tls__CertFile"] = _certificate;
        Environment["Httpmq__Management__ApiServer__Tls__KeyFile"] = _key;

        Assert.That(Settings("all").Management.Tls!.CertFile, Is.EqualTo(_certificate));
    }

    [TestCase("cert_file: /nowhere/c.pem, key_file: KEY", "cert_file: '/nowhere/c.pem' does not exist")]
    [TestCase("cert_file: FOLDER, key_file: KEY", "cert_file: 'FOLDER' cannot be read: it is a folder, or permission is denied")]
    [TestCase("cert_file: KEY, key_file: KEY", "cert_file: 'KEY' has no certificate in PEM form")]
    [TestCase("cert_file: DAMAGED, key_file: KEY", "cert_file: 'DAMAGED' has a certificate that is damaged")]
    [TestCase("cert_file: CERT, key_file: CERT", "key_file: 'CERT' has no private key in PEM form")]
    [TestCase("cert_file: CERT, key_file: OTHER", "key_file: 'OTHER' is not the key of the certificate in 'CERT'")]
    [TestCase("cert_file: CERT, key_file: ENCRYPTED", "key_file: 'ENCRYPTED' is encrypted; decrypt it with 'openssl pkey'")]
    [TestCase("cert_file: CERT, key_file: /nowhere/k.pem", "key_file: '/nowhere/k.pem' does not exist")]
    [TestCase("cert_file: EXPIRED, key_file: EXPIREDKEY", "cert_file: 'EXPIRED' has expired on ")]
    [TestCase("cert_file: CLIENT, key_file: CLIENTKEY", "cert_file: 'CLIENT' is not for servers: its extended key usage lacks serverAuth")]
    [TestCase("cert_file: CERT, key_file: KEY, client_ca_file: KEY", "client_ca_file: 'KEY' has no certificate in PEM form")]
    [TestCase("cert_file: CERT, key_file: KEY, client_ca_file: CERT",
        "client_ca_file: 'CERT' has no root authority, a certificate that is its own issuer")]
    [TestCase("cert_file: CERT, key_file: KEY, require_client_certificate: true",
        "require_client_certificate: needs api_server.tls.client_ca_file")]
    [TestCase("cert_file: CERT, key_file: KEY, min_version: 1.1", "min_version: '1.1' is not 1.2 or 1.3")]
    [TestCase("cert_file: CERT, key_file: KEY, listen_port: 3000",
        "listen_port: '3000' is also the port of management")]
    [TestCase("key_file: KEY", "cert_file: is missing")]
    [TestCase("cert_file: CERT", "key_file: is missing")]
    [TestCase("cert_file: CERT, key_file: KEY, cleartext: false", "cleartext: unknown key of management.api_server.tls")]
    public void Read_WrongValue_IsNamedWithKeyAndPath(string section, string expected)
    {
        Assert.That(Refuse("management", "-c", FileOf(section)), Has.One.StartsWith($"httpmq: {Tls}.{Fill(expected)}"));
        Assert.That(Refuse("management", "--check-config", "-c", FileOf(section)), Has.One.StartsWith($"httpmq: {Tls}.{Fill(expected)}"));
    }

    [Test]
    public void Read_NoSection_IsRefused() =>
        Assert.That(Refuse("all", "-c", WriteKey(Tls, "")), Has.One.StartsWith($"httpmq: {Tls}: nothing stands where the keys"));

    /// <summary>A typing error must not leave a port in the clear.</summary>
    [TestCase("management.api_server.tsl")]
    [TestCase("management.api_server.ssl")]
    [TestCase("management.tls")]
    [TestCase("management.api_server.server_config.tls")]
    [TestCase("management.api_server.https")]
    public void Read_SectionUnderAnotherName_IsRefused(string key) => Assert.That(
        Refuse("all", "-c", WriteKey(key, $"{{ cert_file: {_certificate}, key_file: {_key} }}")),
        Has.One.StartsWith($"httpmq: {key}: unknown; did you mean {Tls}? Without it the port would be in the clear"));

    [Test]
    public void Read_KeyThatEverybodyReads_IsWarnedAbout()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.SetUnixFileMode(_key, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        Assert.That(Accept("all", "-c", FileOf("cert_file: CERT, key_file: KEY")).Warnings, Has.One.StartsWith(
            $"{Tls}.key_file: every user of this machine can read '{_key}'; run 'chmod 600' on it"));
    }

    /// <summary>What another process serves need not be on this machine.</summary>
    [Test]
    public void Read_FilesOfTheOtherApi_AreNotLookedAt() =>
        Assert.That(Settings("dataplane", "-c", FileOf("cert_file: /nowhere, key_file: /nowhere")).Management.Tls, Is.Not.Null);

    /// <summary>While the process runs its last good certificate counts; keys must be withdrawn all the same.</summary>
    [Test]
    public void Read_AgainWithABrokenCertificate_IsTaken()
    {
        var file = FileOf("cert_file: /nowhere, key_file: /nowhere");

        Assert.That(
            CommandLine.Parse(["management", "-c", file], Environment, isAgain: true),
            Is.InstanceOf<CommandLineResult.Run>());
    }

    [Test]
    public void Mtls_WithoutAuthorities_IsRefused()
    {
        var file = Write("config.yaml", "auth: {mtls: [{san: a.corp}]}");

        Assert.That(Refuse("all", "-c", file), Is.EqualTo(new[]
        {
            "httpmq: auth.mtls: needs management.api_server.tls.client_ca_file or dataplane.api_server.tls.client_ca_file, "
                + $"in {file} line 1",
        }));
    }

    [TestCase("{san: a.corp, roles: [x]}", "auth.mtls[0].roles: 'x' is not in auth.roles")]
    [TestCase("{san: []}", "auth.mtls[0].san: is missing")]
    [TestCase("{name: a}", "auth.mtls[0].san: is missing")]
    [TestCase("{san: '*.corp'}", "auth.mtls[0].san: '*.corp' is not a URI such as spiffe://corp/worker, a DNS name or an address of")]
    [TestCase("{san: 'a b'}", "auth.mtls[0].san: 'a b' is not a URI such as spiffe://corp/worker")]
    [TestCase("{san: 'spiffe:// corp'}", "auth.mtls[0].san: 'spiffe:// corp' is not a URI such as spiffe://corp/worker")]
    [TestCase("{san: '@corp'}", "auth.mtls[0].san: '@corp' is not a URI such as spiffe://corp/worker")]
    [TestCase("{san: a.corp, name: a.b}", "auth.mtls[0].name: 'a.b' is not a name of 1 to 255")]
    [TestCase("{san: a.corp}, {san: A.CORP, name: b}", "auth.mtls[1].san: 'A.CORP' is there twice")]
    [TestCase("{san: a.corp, name: a}, {san: b.corp, name: A}", "auth.mtls[1].name: 'A' is there twice")]
    [TestCase("{san: shop}", "auth.mtls[0].san: 'shop' is also the name of another principal")]
    [TestCase("{san: a.corp, sna: b}", "auth.mtls[0].sna: unknown key of auth; did you mean auth.mtls[0].san?")]
    public void Mtls_WrongValue_IsNamed(string items, string expected)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData("shop-key"u8));
        var file = Write("config.yaml", Fill(
            "management: {api_server: {tls: {cert_file: CERT, key_file: KEY, client_ca_file: CA}}}\n"
            + "auth: {api_keys: [{name: shop, sha256: " + hash + "}], mtls: [" + items + "]}"));

        Assert.That(Refuse("all", "-c", file), Has.One.StartsWith($"httpmq: {expected}"));
    }

    [TestCase("worker publish work.worker", 0, "yes, by 'work.${name}' of auth.roles.w.publish.allow")]
    [TestCase("spiffe://corp/worker publish work.worker", 0, "yes, by 'work.${name}' of auth.roles.w.publish.allow")]
    [TestCase("a.corp publish work.worker", 1, "no, nothing allows it")]
    [TestCase("b.corp publish work.worker", 2, "httpmq: can: 'b.corp' is not the name of a key or certificate; there are worker, a.corp,")]
    public void Can_APrincipalByCertificate_IsAnswered(string question, int code, string expected)
    {
        var file = Write("config.yaml", Fill(
            "dataplane: {api_server: {tls: {cert_file: CERT, key_file: KEY, client_ca_file: CA}}}\n"
            + "auth: {mtls: [{san: 'spiffe://corp/worker', name: worker, roles: [w]}, {san: a.corp, roles: [w]}], "
            + "roles: {w: {publish: {allow: ['work.${name}']}}}}"));

        var exit = (CommandLineResult.Exit)CommandLine.Parse(
            ["-c", file, "can", .. question.Split(' ')], Environment);
        Assert.That(exit.ExitCode, Is.EqualTo(code), exit.Text);
        Assert.That(exit.Text, Does.StartWith(expected));
    }

    private string FileOf(string section) =>
        Write("config.yaml", Fill("management: {api_server: {tls: {" + section + "}}}"));

    private string Fill(string text)
    {
        if (text.Contains("DAMAGED", StringComparison.Ordinal))
        {
            Write("damaged.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var encrypted = Write("encrypted.pem", key.ExportEncryptedPkcs8PrivateKeyPem(
            "secret", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000)));
        var other = Write("other.pem", key.ExportPkcs8PrivateKeyPem());
        var ((expired, expiredKey), (client, clientKey)) = (_authority.Expired("localhost"), _authority.Client());
        (string Word, string Path)[] words =
        [
            ("EXPIREDKEY", expiredKey), ("EXPIRED", expired), ("CLIENTKEY", clientKey), ("CLIENT", client), ("ENCRYPTED", encrypted),
            ("DAMAGED", Missing("damaged.pem")), ("OTHER", other), ("FOLDER", MakeDirectory("folder")), ("CERT", _certificate),
            ("KEY", _key),
        ];
        return words.Aggregate(text.Replace(": CA", $": {_authority.Authority}", StringComparison.Ordinal), static (all, word) =>
            all.Replace(word.Word, word.Path, StringComparison.Ordinal));
    }
}
