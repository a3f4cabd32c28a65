using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Httpmq.Api.Http;

namespace Httpmq.Api.Tls;

/// <summary>What the files of a port hold, checked and ready for use: the port's certificate, and the authorities of its clients.</summary>
internal sealed class TlsIdentity
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForAll = "2.5.29.37.0";
    private const string Rsa = "1.2.840.113549.1.1.1";
    private const string EllipticCurve = "1.2.840.10045.2.1";

    private TlsIdentity(SslStreamCertificateContext certificate, X509Certificate2Collection? authorities) =>
        (Certificate, Authorities) = (certificate, authorities);

    public SslStreamCertificateContext Certificate { get; }

    /// <summary>Whose certificates of clients are taken; null: nobody is asked for one.</summary>
    public X509Certificate2Collection? Authorities { get; }

    /// <summary>Null where the files are of no use.</summary>
    /// <param name="settings">The paths.</param>
    /// <param name="files">What is in the files.</param>
    /// <param name="now">The time at which the certificate must be valid.</param>
    /// <param name="problem">The first thing that is wrong.</param>
    public static TlsIdentity? Make(TlsSettings settings, TlsFiles files, DateTimeOffset now, out TlsProblem? problem)
    {
        var chain = ReadCertificates(TlsFiles.CertificateKey, settings.CertFile, files.Certificate, out problem);
        var leaf = chain is null ? null : ReadLeaf(settings, files, chain[0], now, out problem);
        var authorities = leaf is not null && files.Authorities is not null ? ReadAuthorities(settings, files, out problem) : null;
        if (problem is not null || leaf is null)
        {
            return null;
        }

        chain!.RemoveAt(0);
        return new TlsIdentity(SslStreamCertificateContext.Create(leaf, chain, offline: true), authorities);
    }

    private static X509Certificate2Collection? ReadCertificates(string key, string path, byte[] file, out TlsProblem? problem)
    {
        var certificates = new X509Certificate2Collection();
        if (TlsFiles.IsCutOff(file))
        {
            problem = new TlsProblem(key, $"{PlainText.Quote(path)} ends in the middle of a certificate");
            return null;
        }

        try
        {
            certificates.ImportFromPem(TlsFiles.TextOf(file));
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            problem = new TlsProblem(key, $"{PlainText.Quote(path)} has a certificate that is damaged");
            return null;
        }

        problem = certificates.Count > 0 ? null : new TlsProblem(
            key, $"{PlainText.Quote(path)} has no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
        return problem is null ? certificates : null;
    }

    private static X509Certificate2? ReadLeaf(
        TlsSettings settings, TlsFiles files, X509Certificate2 certificate, DateTimeOffset now, out TlsProblem? problem)
    {
        if (FirstProblemOf(certificate, now) is { } reason)
        {
            problem = new TlsProblem(TlsFiles.CertificateKey, $"{PlainText.Quote(settings.CertFile)} {reason}");
            return null;
        }

        var key = TlsFiles.TextOf(files.Key);
        problem = ProblemOfKey(key) is { } wrong ? new TlsProblem(TlsFiles.KeyKey, $"{PlainText.Quote(settings.KeyFile)} {wrong}") : null;
        if (problem is not null)
        {
            return null;
        }

        try
        {
            return X509Certificate2.CreateFromPem(TlsFiles.TextOf(files.Certificate), key);
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            problem = new TlsProblem(
                TlsFiles.KeyKey,
                $"{PlainText.Quote(settings.KeyFile)} is not the key of the certificate in {PlainText.Quote(settings.CertFile)}");
            return null;
        }
    }

    private static string? FirstProblemOf(X509Certificate2 certificate, DateTimeOffset now)
    {
        try
        {
            return ProblemOf(certificate, now);
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            return "has a certificate that is damaged";
        }
    }

    // What the framework throws while it takes apart a certificate or a key, each part when it is asked for. An unknown curve is not
    // supported.
    private static bool IsDamage(Exception exception) => exception is CryptographicException or ArgumentException or NotSupportedException;

    private static string? ProblemOf(X509Certificate2 certificate, DateTimeOffset now)
    {
        if (certificate.NotAfter.ToUniversalTime() < now.UtcDateTime)
        {
            return $"has expired on {Text(certificate.NotAfter)}";
        }

        if (certificate.NotBefore.ToUniversalTime() > now.UtcDateTime)
        {
            return $"is not valid before {Text(certificate.NotBefore)}";
        }

        if (certificate.GetKeyAlgorithm() is not (Rsa or EllipticCurve))
        {
            return "has a key that is neither RSA nor EC";
        }

        var usages = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault()?.EnhancedKeyUsages;
        return usages is null || usages.OfType<Oid>().Any(static usage => usage.Value is ForServers or ForAll)
            ? null
            : "is not for servers: its extended key usage lacks serverAuth";
    }

    private static string? ProblemOfKey(string text) =>
        text.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal)
            || text.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal)
            ? "is encrypted; decrypt it with 'openssl pkey', and let nobody else read it"
            : text.Contains(" PRIVATE KEY-----", StringComparison.Ordinal) ? null
            : "has no private key in PEM form (-----BEGIN PRIVATE KEY-----)";

    private static X509Certificate2Collection? ReadAuthorities(TlsSettings settings, TlsFiles files, out TlsProblem? problem)
    {
        var path = settings.ClientCaFile!;
        var authorities = ReadCertificates(TlsFiles.AuthoritiesKey, path, files.Authorities!, out problem);

        // The others lead to one, and trust in them alone would be ignored.
        if (authorities is not null && !authorities.Any(static one => one.SubjectName.RawData.SequenceEqual(one.IssuerName.RawData)))
        {
            problem = new TlsProblem(
                TlsFiles.AuthoritiesKey, $"{PlainText.Quote(path)} has no root authority, a certificate that is its own issuer");
        }

        return authorities;
    }

    private static string Text(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
