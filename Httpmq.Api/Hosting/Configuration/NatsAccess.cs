using Httpmq.Api.Http;
using Httpmq.Infrastructure.Connection;
using static Httpmq.Api.Hosting.Configuration.SettingRules;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// The keys of the login and of TLS at the NATS server. Secrets are in files of their own or in the environment; in the configuration file
/// they are taken where no other user of the machine can read it.
/// </summary>
internal static class NatsAccess
{
    internal const string TlsSection = "tls";

    internal const string Login = $"{Catalogue.Nats}.{LoginSection}";

    private const string LoginSection = "login";
    private const string ServerUri = "server_uri";
    private const string None = "none";
    private const string Again = "; read again at each connect";

    /// <summary>The settings with login and TLS.</summary>
    internal static NatsSettings Read(SettingsSection nats, NatsSettings settings)
    {
        settings = settings with { Login = ReadLogin(nats.Section(LoginSection)), Tls = ReadTls(nats.Section(TlsSection)) };
        CheckServers(nats, settings);
        return settings;
    }

    private static NatsLogin? ReadLogin(SettingsSection login)
    {
        var user = login.Optional("user", null, UserName, "the user, together with a password", None);
        var password = ReadSecret(login, "password", "the user's password");
        var token = ReadSecret(login, "token", "a token, instead of a user");
        var nkey = ReadFile(login, "nkey_file", "the seed of a user's NKey (`SU…`)" + Again, isSecret: true);
        var creds = ReadFile(login, "creds_file", "a user's JWT and seed, as `nsc` writes them" + Again, isSecret: true);
        (string Name, object? Value)[] given =
            [("user", user), ("token", token?.Value), ("nkey_file", nkey), ("creds_file", creds)];
        var logins = given.Where(static one => one.Value is not null).ToArray();
        if (login.HasProblems)
        {
            return null;
        }

        foreach (var (name, _) in logins.Skip(1))
        {
            login.Refuse(name, $"is given beside {Login}.{logins[0].Name}, and only one login may be");
        }

        if (user is null && password is { } alone)
        {
            login.Refuse(alone.Name, $"is given without {Login}.user");
        }
        else if (user is not null && password is null)
        {
            login.Refuse("user", $"{PlainText.Quote(user)} has no password; set {Login}.password_file");
        }

        var made = logins.FirstOrDefault().Name switch
        {
            "user" when password is { Value: { } secret } => NatsLogin.OfUser(user!, secret),
            "token" => NatsLogin.OfToken(token!.Value.Value),
            "nkey_file" => NatsLogin.OfNKey(Secret.InFile(nkey!)),
            "creds_file" => NatsLogin.OfCredentials(Secret.InFile(creds!)),
            _ => null,
        };
        var setting = logins.FirstOrDefault().Name is "user" ? password?.Name : token?.Name ?? logins.FirstOrDefault().Name;
        return made is null ? null : made with { SettingName = $"{Login}.{setting}" };
    }

    private static NatsTls ReadTls(SettingsSection tls)
    {
        var read = new NatsTls
        {
            SettingName = $"{Catalogue.Nats}.{TlsSection}",
            Mode = tls.Value("mode", "auto", TlsMode, "when the connection is encrypted; `first` needs nats-server 2.10 or newer"),
            CaFile = ReadFile(tls, "ca_file", "certificates (PEM) of those that may sign the server's" + Again, "those of the system"),
            CertFile = ReadFile(tls, "cert_file", "the gateway's certificate (PEM), for servers that ask for one" + Again),
            KeyFile = ReadFile(tls, "key_file", "the key of the certificate (PEM, not encrypted)" + Again, isSecret: true),
        };
        if (read is { CertFile: not null, KeyFile: null } or { CertFile: null, KeyFile: not null })
        {
            var (one, other) = read.CertFile is null ? ("key_file", "cert_file") : ("cert_file", "key_file");
            tls.Refuse(one, $"is given without {read.SettingName}.{other}");
        }

        return read;
    }

    /// <summary>What does not go together with the addresses of the servers.</summary>
    private static void CheckServers(SettingsSection nats, NatsSettings settings)
    {
        var isTls = settings.Tls is not { Mode: NatsTlsMode.Auto, CaFile: null, CertFile: null };
        var servers = (settings.ServerUri ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        var logins = servers.Where(static uri => uri.Contains('@', StringComparison.Ordinal))
            .Select(static uri => uri[(uri.IndexOf("://", StringComparison.Ordinal) + 3)..uri.LastIndexOf('@')])
            .Distinct(StringComparer.Ordinal).Count();
        if (logins > 0 && settings.Login is not null)
        {
            nats.Refuse(ServerUri, $"holds a login, and {settings.Login.SettingName} is given as well; only one login may be");
        }

        if (logins > 1)
        {
            nats.Warn(ServerUri, "holds different logins; the first one is used for all servers");
        }

        if (logins > 0 && nats.FileOf(ServerUri) is { } file && SecretFile.IsOpenToAll(file))
        {
            nats.Warn(ServerUri, $"holds a login, and every user of this machine can read the file; run 'chmod 600 {file}'");
        }

        if (isTls && servers.Any(static uri => uri.StartsWith("ws://", StringComparison.OrdinalIgnoreCase)))
        {
            nats.Refuse(ServerUri, "holds ws://, which is in cleartext although TLS is configured; write wss://");
        }
        else if (settings.Tls.Mode is NatsTlsMode.First
            && servers.Any(static uri => uri.StartsWith("wss://", StringComparison.OrdinalIgnoreCase)))
        {
            nats.Refuse(ServerUri, $"holds wss://, where TLS comes first by itself; leave {settings.Tls.SettingName}.mode out");
        }

        if (settings.ServerUri is null && (isTls || settings.Login is not null))
        {
            nats.Refuse(
                settings.Login is null ? TlsSection : LoginSection,
                $"is given without {Catalogue.NatsServerUri}: mode 'all' would start an empty NATS server of its own");
        }
    }

    /// <summary>A secret that may be given as it is or as a file; null: neither.</summary>
    private static (string Name, Secret Value)? ReadSecret(SettingsSection login, string name, string text)
    {
        var fileName = $"{name}_file";
        var given = login.Optional(
            name, null, SecretText, $"{text}; in the file only where no other user of the machine can read it", None);
        var path = ReadFile(login, fileName, $"a file that holds {text}{Again}", isSecret: true);
        if (given is null)
        {
            return path is null ? null : (fileName, Secret.InFile(path));
        }

        if (path is not null)
        {
            login.Refuse(name, $"is given beside {Login}.{fileName}, and only one of them may be");
        }
        else if (login.FileOf(name) is { } file && SecretFile.IsOpenToAll(file))
        {
            login.Refuse(
                name,
                $"is in a file that every user of this machine can read; run 'chmod 600 {file}', or name a file with {Login}.{fileName}");
        }

        return (name, Secret.OfText(given));
    }

    private static string? ReadFile(SettingsSection section, string name, string text, string shown = None, bool isSecret = false)
    {
        var path = section.Optional(name, null, FilePath, text, shown);
        if (string.IsNullOrWhiteSpace(path))
        {
            return null;
        }

        if (SecretFile.ProblemOf(path) is { } problem)
        {
            // What is no path may be the secret itself.
            var isPath = !isSecret || path.AsSpan().ContainsAny(Path.DirectorySeparatorChar, '.');
            section.Refuse(name, $"{(isPath ? PlainText.Quote(path) : "the file that it names")} {problem}");
        }
        else if (isSecret && SecretFile.IsOpenToAll(path))
        {
            section.Warn(name, $"every user of this machine can read {PlainText.Quote(path)}; run 'chmod 600' on it");
        }

        return path;
    }
}
