using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Httpmq.Tests.Support;

/// <summary>A certificate authority for one test, and what it signs, as PEM files in a folder.</summary>
internal sealed class TestCertificates : IDisposable
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1";
    public const string ForClients = "1.3.6.1.5.5.7.3.2";

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

        // Longer than what it signs, also in the next second.
        _authority = request.CreateSelfSigned(Start, End.AddDays(1));
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

    /// <summary>A certificate of a client with these names, and its key, in memory.</summary>
    /// <param name="names">URIs, addresses of e-mail, DNS names.</param>
    /// <param name="usage">What it is for; null: it does not say.</param>
    /// <param name="validFor">How long from now; negative: no longer.</param>
    public X509Certificate2 ClientOf(string[] names, string? usage = ForClients, TimeSpan? validFor = null) =>
        WithKey(key => Create(key, "client", names, usage, TimeProvider.System.GetUtcNow() + (validFor ?? TimeSpan.FromHours(12))));

    /// <summary>A certificate of a client that has this extension alone, and its key, in memory.</summary>
    public X509Certificate2 ClientWith(X509Extension extension) => WithKey(key =>
    {
        var request = new CertificateRequest("CN=client", key, HashAlgorithmName.SHA256) { CertificateExtensions = { extension } };
        return request.Create(_authority, Start, End, RandomNumberGenerator.GetBytes(8));
    });

    /// <summary>A certificate for a server of this name that is valid no longer, and its key.</summary>
    public (string Certificate, string Key) Expired(string name) =>
        Sign($"expired-{name}", ForServers, name, TimeProvider.System.GetUtcNow().AddMinutes(-1));

    public void Dispose() => _authority.Dispose();

    private static X509Certificate2 WithKey(Func<ECDsa, X509Certificate2> sign)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = sign(key);
        using var whole = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(
            whole.Export(X509ContentType.Pkcs12), password: null, X509KeyStorageFlags.Exportable);
    }

    private (string Certificate, string Key) Sign(string file, string usage, string name, DateTimeOffset? end = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Create(key, name, [name], usage, end ?? End);
        File.WriteAllText(PathOf(file), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf($"{file}-key"), key.ExportPkcs8PrivateKeyPem());
        return (PathOf(file), PathOf($"{file}-key"));
    }

    private X509Certificate2 Create(ECDsa key, string subject, string[] names, string? usage, DateTimeOffset end)
    {
        var request = new CertificateRequest($"CN={subject}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternatives.AddIpAddress(address);
            }
            else if (name.Contains(':', StringComparison.Ordinal))
            {
                alternatives.AddUri(new Uri(name));
            }
            else if (name.Contains('@', StringComparison.Ordinal))
            {
                alternatives.AddEmailAddress(name);
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        if (names.Length > 0)
        {
            request.CertificateExtensions.Add(alternatives.Build());
        }

        if (usage is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }

        return request.Create(_authority, Start, end, RandomNumberGenerator.GetBytes(8));
    }

    private string PathOf(string file) => Path.Combine(_folder, $"{_name}-{file}.pem");
}
