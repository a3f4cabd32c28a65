using Httpmq.Api.Tls;
using Httpmq.Domain.Access;

namespace Httpmq.Api.Access;

/// <summary>Who may do what: the section <c>auth</c> of the configuration, valid.</summary>
internal sealed record AccessSettings
{
    /// <summary>Roles of whoever shows nothing.</summary>
    public required IReadOnlyList<string> Anonymous { get; init; }

    public required IReadOnlyList<ApiKeySettings> ApiKeys { get; init; }

    /// <summary>Whose tokens are taken; none: none.</summary>
    public IReadOnlyList<TokenSettings> Tokens { get; init; } = [];

    /// <summary>Principals that show a client certificate.</summary>
    public IReadOnlyList<CertificateSettings> Certificates { get; init; } = [];

    /// <summary>The rules of each role.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<AccessRule>> Roles { get; init; }

    /// <summary>Whether Swagger UI and the OpenAPI documents are shown to everybody.</summary>
    public required bool OpenDocuments { get; init; }

    /// <summary>Whether these settings mean the same, wherever they stand in the file.</summary>
    public bool IsSame(AccessSettings other) =>
        HasSameTokens(other)
        && OpenDocuments == other.OpenDocuments
        && Anonymous.SequenceEqual(other.Anonymous, StringComparer.Ordinal)
        && ApiKeys.Count == other.ApiKeys.Count
        && ApiKeys.Zip(other.ApiKeys).All(static pair => pair.First.IsSame(pair.Second))
        && Certificates.Count == other.Certificates.Count
        && Certificates.Zip(other.Certificates).All(static pair => pair.First.IsSame(pair.Second));

    /// <summary>Whether tokens mean the same with other settings, which depends on the roles as well.</summary>
    public bool HasSameTokens(AccessSettings other) =>
        Tokens.SequenceEqual(other.Tokens)
        && Roles.Count == other.Roles.Count
        && Roles.All(role => other.Roles.TryGetValue(role.Key, out var rules)
            && role.Value.Select(Plain).SequenceEqual(rules.Select(Plain)));

    // Wherever it stands.
    private static AccessRule Plain(AccessRule rule) => rule with { Origin = string.Empty };

    /// <summary>The rules of all of these roles.</summary>
    public IEnumerable<AccessRule> RulesOf(IEnumerable<string> roles) => roles.SelectMany(role => Roles[role]);
}

/// <summary>One principal that shows a key.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hashes">The SHA-256 of each of its keys.</param>
/// <param name="Roles">Its roles.</param>
internal sealed record ApiKeySettings(string Name, IReadOnlyList<KeyHash> Hashes, IReadOnlyList<string> Roles)
{
    public bool IsSame(ApiKeySettings other) =>
        string.Equals(Name, other.Name, StringComparison.Ordinal)
        && Hashes.SequenceEqual(other.Hashes)
        && Roles.SequenceEqual(other.Roles, StringComparer.Ordinal);
}

/// <summary>One principal that shows a client certificate.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Names">The names of certificates that are its own.</param>
/// <param name="Roles">Its roles.</param>
internal sealed record CertificateSettings(string Name, IReadOnlyList<CertificateName> Names, IReadOnlyList<string> Roles)
{
    public bool IsSame(CertificateSettings other) =>
        string.Equals(Name, other.Name, StringComparison.Ordinal)
        && Names.SequenceEqual(other.Names)
        && Roles.SequenceEqual(other.Roles, StringComparer.Ordinal);
}
