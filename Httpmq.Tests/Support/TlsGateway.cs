using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Httpmq.Api.Access;
using Httpmq.Api.Http;

namespace Httpmq.Tests.Support;

/// <summary>A gateway that speaks TLS as well, with an authority of its own, and clients that trust this authority alone.</summary>
internal sealed class TlsGateway : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-tls-").FullName;

    private TlsGateway()
    {
        Authority = new TestCertificates(_folder);
        var (certificate, key) = Authority.Server("localhost");
        Settings = new TlsSettings { ListenOn = IPAddress.Loopback, ListenPort = 0, CertFile = certificate, KeyFile = key };
    }

    public TestCertificates Authority { get; }

    public TlsSettings Settings { get; private set; }

    public Gateway Gateway { get; private set; } = null!;

    /// <summary>The dataplane, by the name that its certificate has.</summary>
    public Uri Dataplane => Named(Gateway.DataplaneTls);

    /// <inheritdoc cref="Dataplane"/>
    public Uri Management => Named(Gateway.ManagementTls);

    /// <param name="natsUrl">Of NATS; without it there is none, and whoever is let through is answered 503.</param>
    /// <param name="configure">Changes the settings; gets the file of the clients' authority.</param>
    /// <param name="access">The section <c>auth</c>, as YAML.</param>
    /// <param name="origins">Whose pages may use it.</param>
    public static async Task<TlsGateway> StartAsync(
        string natsUrl = "nats://127.0.0.1:1",
        Func<TlsSettings, string, TlsSettings>? configure = null,
        string? access = null,
        params string[] origins)
    {
        var made = new TlsGateway();
        made.Settings = configure?.Invoke(made.Settings, made.Authority.Authority) ?? made.Settings;
        made.Gateway = await Gateway.StartAsync(
            natsUrl,
            server => server with { Tls = made.Settings, AllowedOrigins = origins.ToHashSet(StringComparer.OrdinalIgnoreCase) },
            access: access is null ? null : AccessFile.Callers(access));
        return made;
    }

    /// <summary>A client that may show a certificate, and also sees that of the server.</summary>
    public SocketsHttpHandler Handler(X509Certificate2? shown = null, Action<X509Certificate2>? seen = null)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = Trust();
        if (shown is not null)
        {
            // Whatever it is for: what the server makes of that is what is tried.
            handler.SslOptions.ClientCertificateContext =
                SslStreamCertificateContext.Create(shown, additionalCertificates: null, offline: true);
        }

        if (seen is not null)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            {
                seen((X509Certificate2)certificate!);
                return errors is SslPolicyErrors.None;
            };
        }

        return handler;
    }

    /// <param name="version">Of HTTP.</param>
    /// <param name="shown">The client's certificate.</param>
    public HttpClient Client(string version = "2.0", X509Certificate2? shown = null) => new(Handler(shown))
    {
        DefaultRequestVersion = new Version(version),
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = Eventually.TimeLimit,
    };

    /// <summary>Trust in the authority of this gateway alone.</summary>
    public X509ChainPolicy Trust() => Trust(Authority);

    /// <summary>Trust in this authority alone.</summary>
    public static X509ChainPolicy Trust(TestCertificates authority)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.ImportFromPemFile(authority.Authority);
        return policy;
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static Uri Named(Uri address) => new UriBuilder(address) { Host = "localhost" }.Uri;
}
