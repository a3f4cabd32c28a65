using Httpmq.Api.Http;
using Httpmq.Api.Tls;
using Httpmq.Infrastructure.Connection;
using static Httpmq.Api.Hosting.Configuration.SettingRules;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>The keys of an API's port with TLS. There is none where the section is not there.</summary>
internal static class TlsDeclaration
{
    private const string ClientCaFile = "client_ca_file";
    private const string Again = "; read again when it changes";

    /// <summary>The section's name below that of the API, for who writes it elsewhere.</summary>
    internal const string Name = "tls";

    /// <param name="server">The section of the API.</param>
    /// <param name="group">The API.</param>
    /// <param name="listenOn">Where it listens without TLS.</param>
    /// <param name="checksFiles">Whether the files have to be there, and of use.</param>
    internal static TlsSettings? Read(SettingsSection server, ApiGroup group, string listenOn, bool checksFiles) =>
        server.Strict(ServerSettingKeys.Tls, tls =>
        {
            var settings = new TlsSettings
            {
                ListenOn = tls.Value(
                    "listen_on", listenOn, Address, "the address to listen on with TLS", $"that of `{ServerSettingKeys.ListenOn}`"),
                ListenPort = tls.Value("listen_port", $"{group.DefaultTlsPort}", Port, "the port to listen on with TLS"),
                CertFile = tls.Required(
                    TlsFiles.CertificateKey, FilePath,
                    "the certificate (PEM), and behind it those that lead to its authority" + Again),
                KeyFile = tls.Required(TlsFiles.KeyKey, FilePath, "the key of the certificate (PEM, not encrypted)" + Again),
                ClientCaFile = tls.Optional(
                    ClientCaFile, null, FilePath,
                    "root authorities (PEM) whose certificates of clients are taken, and what leads to them" + Again,
                    "none: clients are not asked for certificates"),
                RequireClientCertificate = tls.Value(
                    "require_client_certificate", "false", Flag, "whether a connection without a valid certificate is closed"),
                Protocols = tls.Value("min_version", "1.2", TlsVersion, "the oldest version of TLS"),
                Only = tls.Value("only", "false", Flag, "whether the port without TLS is closed"),
            };
            Check(tls, settings, checksFiles);
            return settings;
        });

    private static void Check(SettingsSection tls, TlsSettings settings, bool checksFiles)
    {
        if (settings is { RequireClientCertificate: true, ClientCaFile: null })
        {
            tls.Refuse("require_client_certificate", $"needs {ServerSettingKeys.Tls}.{ClientCaFile}");
        }

        // A key that is missing was named.
        if (!checksFiles || settings.CertFile is null || settings.KeyFile is null)
        {
            return;
        }

        if (SecretFile.IsOpenToAll(settings.KeyFile))
        {
            tls.Warn(TlsFiles.KeyKey, $"every user of this machine can read {PlainText.Quote(settings.KeyFile)}; run 'chmod 600' on it");
        }

        if (TlsFiles.Read(settings, out var problem) is { } files)
        {
            TlsIdentity.Make(settings, files, TimeProvider.System.GetUtcNow(), out problem);
        }

        if (problem is not null)
        {
            tls.Refuse(problem.Key, problem.Text);
        }
    }
}
