using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Httpmq.Api.Tls;

/// <summary>The certificate that the client of a connection has shown, and owns the key of. A feature of the connection.</summary>
/// <param name="names">Its names.</param>
/// <param name="expires">When it is valid no longer.</param>
/// <param name="problem">Why it is not taken; null: it is valid, and signed by an authority that is configured.</param>
internal sealed class ClientCertificate(IReadOnlyList<CertificateName> names, DateTimeOffset expires, string? problem)
{
    /// <summary>What a certificate must be for.</summary>
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    public IReadOnlyList<CertificateName> Names => names;

    public DateTimeOffset Expires => expires;

    /// <summary>Reads on after "the client certificate".</summary>
    public string? Problem => problem;

    /// <summary>What was found for it the last time, by whoever asks at each request.</summary>
    public object? Found { get; set; }

    /// <summary>How certificates of clients are checked. One for each connection: what the client sends is added to it.</summary>
    public static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);

        // Otherwise the certificate of a server would do.
        policy.ApplicationPolicy.Add(new Oid(ForClients));
        return policy;
    }

    /// <param name="certificate">What the client has shown.</param>
    /// <param name="chain">What came out of checking it by the policy.</param>
    public static ClientCertificate Of(X509Certificate2 certificate, X509Chain? chain)
    {
        var expires = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (all, one) => all | one.Status)
            ?? X509ChainStatusFlags.PartialChain;
        if (Describe(status, certificate) is { } problem)
        {
            return new ClientCertificate([], expires, problem);
        }

        return CertificateName.Read(certificate) is { } names
            ? new ClientCertificate(names, expires, problem: null)
            : new ClientCertificate([], expires, "has names that cannot be read");
    }

    private static string? Describe(X509ChainStatusFlags status, X509Certificate2 certificate) => status switch
    {
        X509ChainStatusFlags.NoError => null,
        _ when status.HasFlag(X509ChainStatusFlags.PartialChain) || status.HasFlag(X509ChainStatusFlags.UntrustedRoot) =>
            "is not signed by an authority that is configured here",
        _ when status.HasFlag(X509ChainStatusFlags.NotTimeValid) =>
            certificate.NotBefore.ToUniversalTime() > TimeProvider.System.GetUtcNow().UtcDateTime ? "is not valid yet" : "has expired",
        _ when status.HasFlag(X509ChainStatusFlags.NotValidForUsage) =>
            "is not for clients: its extended key usage lacks clientAuth",
        _ => "is not valid",
    };
}
