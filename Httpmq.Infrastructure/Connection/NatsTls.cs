using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Httpmq.Infrastructure.Connection;

/// <summary>When a connection to NATS is encrypted.</summary>
public enum NatsTlsMode
{
    /// <summary>
    /// Always where a server's URI begins with <c>tls://</c> or a certificate is configured; else when the server offers it, which whoever
    /// is in between can prevent.
    /// </summary>
    Auto,

    /// <summary>Always; a server that offers no TLS is left alone.</summary>
    Require,

    /// <summary>Always, from the first byte on: the server's <c>handshake_first</c>, nats-server 2.10 or newer.</summary>
    First,
}

/// <summary>How connections to NATS are encrypted. Files are PEM and read again at each connect, so that renewed ones count.</summary>
public sealed record NatsTls
{
    // RFC 5280, 4.2.1.12: a certificate for a server.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Default: <see cref="NatsTlsMode.Auto"/>.</summary>
    public NatsTlsMode Mode { get; init; }

    /// <summary>Certificates of those that may sign the server's, instead of the system's; null (default): the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>The gateway's own certificate, with those between it and its CA; null (default): none.</summary>
    public string? CertFile { get; init; }

    /// <summary>The key of <see cref="CertFile"/>, not encrypted.</summary>
    public string? KeyFile { get; init; }

    /// <summary>What the person who sets it knows it as; <c>.mode</c>, <c>.ca_file</c> and so on follow.</summary>
    public string SettingName { get; init; } = "tls";

    /// <summary>Whether it must not be in cleartext, whatever the URIs of the servers say.</summary>
    internal bool IsDemanded => Mode is not NatsTlsMode.Auto || CaFile is not null || CertFile is not null;

    /// <summary>Sets what is trusted, and the gateway's own certificate.</summary>
    /// <param name="options">Whose <c>TargetHost</c> is the server that is connected to.</param>
    /// <param name="servers">The configured ones, for the name that a server's certificate must have.</param>
    /// <exception cref="ConnectRefusedException">A file cannot be read, or does not hold what it should.</exception>
    internal void Configure(SslClientAuthenticationOptions options, ServerList servers)
    {
        options.TargetHost = servers.NameOf(options.TargetHost ?? "");
        if (CaFile is not null)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
            policy.CustomTrustStore.AddRange(Read("ca_file", CaFile, static pem =>
            {
                var authorities = new X509Certificate2Collection();
                authorities.ImportFromPem(pem);
                return authorities.Count > 0 ? authorities : throw new CryptographicException("there is no certificate in it");
            }));
            options.CertificateChainPolicy = policy;
        }

        if (CertFile is not null && KeyFile is not null)
        {
            options.ClientCertificateContext = Read("cert_file", CertFile, pem => Read("key_file", KeyFile, key => Own(pem, key)));
        }
    }

    private static SslStreamCertificateContext Own(string pem, string key)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(pem, key), chain, offline: true);
    }

    private T Read<T>(string name, string path, Func<string, T> parse)
    {
        try
        {
            return parse(File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConnectRefusedException($"{SettingName}.{name}: '{path}' {SecretFile.ReasonOf(exception)}", exception);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new ConnectRefusedException($"{SettingName}.{name}: '{path}' is of no use: {exception.Message.TrimEnd('.')}", exception);
        }
    }
}
