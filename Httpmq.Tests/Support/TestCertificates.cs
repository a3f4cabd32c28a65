using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Httpmq.Tests.Support;

/// <summary>A certificate authority for one test, and what it signs, as PEM files in a folder.</summary>
internal sealed class TestCertificates : IDisposable
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    private readonly string _folder;
    private readonly string _name;
    private readonly X509Certificate2 _authority;

    public TestCertificates(string folder, string name = "ca")
    {
        (_folder, _name) = (folder, name);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _authority = request.CreateSelfSigned(Start, End);
        File.WriteAllText(Authority, _authority.ExportCertificatePem());
    }

    /// <summary>The authority's own certificate.</summary>
    public string Authority => PathOf("authority");

    // The same for all: a certificate must not end after that of who signed it.
    private DateTimeOffset Start { get; } = TimeProvider.System.GetUtcNow().AddDays(-1);

    private DateTimeOffset End { get; } = TimeProvider.System.GetUtcNow().AddDays(1);

    /// <summary>A certificate for a server of this name, and its key.</summary>
    public (string Certificate, string Key) Server(string name) => Sign($"server-{name}", ForServers, name);

    /// <summary>A certificate for a client, and its key.</summary>
    public (string Certificate, string Key) Client() => Sign("client", ForClients, "client");

    public void Dispose() => _authority.Dispose();

    private (string Certificate, string Key) Sign(string file, string usage, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        using var certificate = request.Create(_authority, Start, End, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(PathOf(file), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf($"{file}-key"), key.ExportPkcs8PrivateKeyPem());
        return (PathOf(file), PathOf($"{file}-key"));
    }

    private string PathOf(string file) => Path.Combine(_folder, $"{_name}-{file}.pem");
}
