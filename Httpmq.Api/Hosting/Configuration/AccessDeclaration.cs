using System.Diagnostics.CodeAnalysis;
using Httpmq.Api.Access;
using Httpmq.Api.Http;
using Httpmq.Api.Tls;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>The keys of the section <c>auth</c>: who may do what. It is off when the section is not there.</summary>
internal static class AccessDeclaration
{
    internal const string Section = "auth";

    private const string Subjects = "subjects, with NATS's wildcards; `${name}` is the principal's name";

    private static readonly KeyHash HashOfNothing = KeyHash.Of("");

    private static readonly SettingRule<string> Name = new(
        $"a name of {EntityName.Rule}, other than {Caller.AnonymousName}",
        static (string text, [MaybeNullWhen(false)] out string value) =>
            EntityName.IsValid(value = text) && value is not Caller.AnonymousName);

    private static readonly SettingRule<string> Role = new("the name of a role", TryAny);

    // Who has written the key itself there should not find it in a log.
    private static readonly SettingRule<string> Hash = new(
        "the SHA-256 of a key as 64 hexadecimal digits, as `httpmq key new` prints it",
        static (string text, [MaybeNullWhen(false)] out string value) =>
            KeyHash.TryParse(value = text, out var hash) && !hash.Equals(HashOfNothing))
    { Display = static _ => "***" };

    private static readonly SettingRule<string> SomeText = new("a text", TryAny) { Complaint = "is empty" };

    private static readonly SettingRule<string> San = new(
        "a URI such as spiffe://corp/worker, a DNS name or an address of e-mail, without wildcards",
        static (string text, [MaybeNullWhen(false)] out string value) =>
            CertificateName.Parse(value = text) is not null && !text.Contains('*', StringComparison.Ordinal));

    private static readonly SettingRule<GivenKeys> KeysFile =
        new("a file with a JSON Web Key Set that has a public key (RSA, EC)", TryReadKeys);

    private static readonly SettingRule<bool> OpenOrNot = SettingRules.Flag;

    internal static AccessSettings? Read(SettingsSection root) => root.Strict(Section, static auth =>
    {
        var anonymous = auth.Texts("anonymous", Role, "roles of whoever shows nothing; empty: such requests are refused, but for health");
        var keys = auth.Sections("api_keys", "principals that show a key", ReadKey);
        var roles = auth.Named("roles", "what principals may do; a denial of one role beats what all others allow", ReadRole);
        RefuseUnknownRoles(auth, "anonymous", anonymous, roles.Keys);
        foreach (var (index, key) in keys.Index())
        {
            RefuseUnknownRoles(auth, $"api_keys[{index}].roles", key.Roles, roles.Keys);
        }

        RefuseTwice(auth, keys);
        var tokens = auth.Sections("jwt", "issuers whose tokens (JWT) are taken", ReadIssuer);
        foreach (var (index, issuer) in tokens.Index())
        {
            if (issuer.File is null && !IsAuthority(issuer.Issuer))
            {
                const string Complaint = "is not the https:// URL of an OIDC authority, and there is no keys_file";
                auth.Refuse($"jwt[{index}].issuer", Complaint, issuer.Origin);
            }
        }

        var certificates = auth.Sections("mtls", "principals that show a client certificate", ReadCertificate);
        foreach (var (index, certificate) in certificates.Index())
        {
            RefuseUnknownRoles(auth, $"mtls[{index}].roles", certificate.Roles, roles.Keys);
        }

        RefuseTwice(auth, keys, certificates);
        return new AccessSettings
        {
            Certificates = [.. certificates.Select(static one => one.ToSettings())],
            Anonymous = [.. anonymous.Select(static role => role.Text)],
            ApiKeys = [.. keys.Select(static key => key.ToSettings())],
            Roles = roles,
            Tokens = [.. tokens.Select(static issuer => issuer.ToSettings())],
            OpenDocuments = auth.Value(
                "open_documents", "true", OpenOrNot, "whether Swagger UI and the OpenAPI documents are shown to those who show nothing"),
        };
    });

    private static GivenKey ReadKey(SettingsSection key) => new(
        key.Required("name", Name, "the principal's name"),
        key.Texts(
            "sha256", Hash, "the SHA-256 of its keys; two while one replaces the other. `httpmq key new` makes a key", isNeeded: true),
        key.Texts("roles", Role, "its roles"),
        key.Origin);

    private static GivenIssuer ReadIssuer(SettingsSection issuer) => new(
        issuer.Required("issuer", SomeText, "the `iss` of its tokens; without `keys_file` the URL of an OIDC authority"),
        issuer.Required("audience", SomeText, "the `aud` that its tokens must have"),
        issuer.Optional("keys_file", null, KeysFile, "the keys that sign its tokens, as JSON Web Key Set", "none: those of the authority"),
        issuer.Value("roles_claim", "roles", SomeText, "the claim with the roles: a list, or one text with blanks"),
        issuer.Value("name_claim", "sub", SomeText, "the claim with the principal's name"),
        issuer.Origin);

    private static GivenCertificate ReadCertificate(SettingsSection certificate) => new(
        certificate.Texts(
            "san", San, "names that its certificates have (subject alternative names): one of them is enough", isNeeded: true),
        certificate.Optional("name", null, Name, "the principal's name", "the first `san`"),
        certificate.Texts("roles", Role, "its roles"),
        certificate.Origin);

    private static void RefuseTwice(
        SettingsSection auth, IReadOnlyList<GivenKey> keys, IReadOnlyList<GivenCertificate> certificates)
    {
        var names = keys.Select(static key => key.Name).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        var sans = new HashSet<CertificateName>();
        foreach (var (index, certificate) in certificates.Index())
        {
            if (certificate.San.Count == 0)
            {
                auth.Refuse($"mtls[{index}].san", "is missing", certificate.Origin);
                continue;
            }

            foreach (var (san, origin) in certificate.San.Where(san => !sans.Add(CertificateName.Parse(san.Text)!.Value)))
            {
                auth.Refuse($"mtls[{index}].san", $"{PlainText.Quote(san)} is there twice", origin);
            }

            if (!names.Add(certificate.Principal))
            {
                var (key, text) = certificate.Name is null ? ("san", "is also the name of another principal") : ("name", "is there twice");
                auth.Refuse($"mtls[{index}].{key}", $"{PlainText.Quote(certificate.Principal)} {text}", certificate.Origin);
            }
        }
    }

    private static bool IsAuthority(string? issuer) =>
        Uri.TryCreate(issuer, UriKind.Absolute, out var uri) && (uri.Scheme is "https" || (uri.Scheme is "http" && uri.IsLoopback));

    // What cannot be read is no reason to go on with less.
    private static bool TryReadKeys(string path, [MaybeNullWhen(false)] out GivenKeys value)
    {
        try
        {
            value = new GivenKeys(path, File.ReadAllText(path));
            return TokenSettings.ReadKeys(value.Json) is not null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            value = null;
            return false;
        }
    }

    private static IReadOnlyList<AccessRule> ReadRole(SettingsSection role) =>
    [
        .. ReadRules(role, "publish", Right.Publish, Subjects),
        .. ReadRules(role, "read", Right.Read, $"what may be read without a consumer, and replayed: {Subjects}"),
        .. ReadRules(role, "consume", Right.Consume, "consumers that may be used: `STREAM/CONSUMER`, `*` for any characters"),
        .. ReadRules(role, "admin", Right.Admin, "streams that may be defined, changed and deleted, with their consumers"),
    ];

    private static IEnumerable<AccessRule> ReadRules(SettingsSection role, string right, Right kind, string text)
    {
        var rule = new SettingRule<string>(
            kind switch
            {
                Right.Consume => "STREAM/CONSUMER, such as ORDERS/w-*",
                Right.Admin => "the name of a stream, * for any characters",
                _ => "a subject, wildcards allowed",
            },
            (string pattern, [MaybeNullWhen(false)] out string value) => AccessRule.ReasonAgainst(kind, value = pattern) is null);
        return role.Texts($"{right}.allow", rule, text)
            .Select(one => new AccessRule(kind, Allows: true, one.Text, role.Locate($"{right}.allow", one.Origin)))
            .Concat(role.Texts($"{right}.deny", rule, "what is not permitted, whatever is allowed")
                .Select(one => new AccessRule(kind, Allows: false, one.Text, role.Locate($"{right}.deny", one.Origin))));
    }

    private static void RefuseUnknownRoles(
        SettingsSection auth, string key, IEnumerable<(string Text, string Origin)> given, IEnumerable<string> roles)
    {
        foreach (var (role, origin) in given.Where(one => !roles.Contains(one.Text, StringComparer.Ordinal)))
        {
            var known = roles.Any() ? $"; there are {string.Join(", ", roles)}" : "; there are none";
            auth.Refuse(key, $"{PlainText.Quote(role)} is not in {Section}.roles{known}", origin);
        }
    }

    private static void RefuseTwice(SettingsSection auth, IReadOnlyList<GivenKey> keys)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var hashes = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (index, key) in keys.Index())
        {
            if (key.Name is not null && !names.Add(key.Name))
            {
                auth.Refuse($"api_keys[{index}].name", $"{PlainText.Quote(key.Name)} is there twice", key.Origin);
            }

            foreach (var (_, origin) in key.Hashes.Where(hash => !hashes.Add(hash.Text)))
            {
                auth.Refuse($"api_keys[{index}].sha256", "the same key is there twice", origin);
            }

            if (key.Hashes.Count == 0)
            {
                auth.Refuse($"api_keys[{index}].sha256", "is missing", key.Origin);
            }
        }
    }

    private static bool TryAny(string text, [MaybeNullWhen(false)] out string value) => (value = text).Length > 0;

    private sealed record GivenKeys(string Path, string Json);

    private sealed record GivenIssuer(
        string? Issuer, string? Audience, GivenKeys? File, string RolesClaim, string NameClaim, string Origin)
    {
        public TokenSettings ToSettings() => new(Issuer ?? "", Audience ?? "", File?.Path, File?.Json, RolesClaim, NameClaim);
    }

    private sealed record GivenKey(
        string? Name,
        IReadOnlyList<(string Text, string Origin)> Hashes,
        IReadOnlyList<(string Text, string Origin)> Roles,
        string Origin)
    {
        // Where a problem was found, nobody uses what comes out.
        public ApiKeySettings ToSettings() => new(
            Name ?? "",
            [.. Hashes.Select(static hash => KeyHash.TryParse(hash.Text, out var parsed) ? parsed : default)],
            [.. Roles.Select(static role => role.Text)]);
    }

    private sealed record GivenCertificate(
        IReadOnlyList<(string Text, string Origin)> San,
        string? Name,
        IReadOnlyList<(string Text, string Origin)> Roles,
        string Origin)
    {
        public string Principal => Name ?? (San.Count > 0 ? San[0].Text : "");

        public CertificateSettings ToSettings() => new(
            Principal,
            [.. San.Select(static one => CertificateName.Parse(one.Text)!.Value)],
            [.. Roles.Select(static role => role.Text)]);
    }
}
