using System.Net;
using System.Security.Authentication;

namespace Httpmq.Api.Http;

/// <summary>An API's port with TLS. The declaration of the configuration says what each setting does, and has the defaults.</summary>
internal sealed record TlsSettings
{
    public required IPAddress ListenOn { get; init; }

    public required int ListenPort { get; init; }

    /// <summary>The certificate as PEM, and behind it those that lead to its authority.</summary>
    public required string CertFile { get; init; }

    /// <summary>The key of the certificate as PEM, not encrypted.</summary>
    public required string KeyFile { get; init; }

    /// <summary>The authorities whose clients are taken; null: clients are not asked for certificates.</summary>
    public string? ClientCaFile { get; init; }

    /// <summary>Whether a connection without a valid certificate of a client is closed.</summary>
    public bool RequireClientCertificate { get; init; }

    public SslProtocols Protocols { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Whether the port without TLS is closed.</summary>
    public bool Only { get; init; }

    /// <summary>How long a handshake may take; then the connection is closed.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
