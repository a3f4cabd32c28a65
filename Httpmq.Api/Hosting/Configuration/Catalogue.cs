using System.Collections.Frozen;
using Httpmq.Api.Http;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Hosting.Configuration;

internal enum SettingKind
{
    Section,
    Value,

    /// <summary>A list of single values: one text, separated by commas, wherever it is written.</summary>
    Values,

    /// <summary>A list of sections.</summary>
    Sections,

    /// <summary>Sections whose names are chosen by whoever writes them.</summary>
    Named,
}

/// <summary>One key as it is declared.</summary>
/// <param name="Key">
/// Its name: <c>nats.server_uri</c>, <c>some.list[].name</c> in each section of a list, <c>some.&lt;name&gt;.key</c> in each section that
/// has a name of its own.
/// </param>
/// <param name="Default">For the documentation.</param>
/// <param name="Expected">What the value must be.</param>
/// <param name="Text">What it does.</param>
/// <param name="Kind">Anything but <see cref="SettingKind.Section"/>.</param>
internal sealed record Setting(string Key, string Default, string Expected, string Text, SettingKind Kind)
{
    /// <summary>The environment variable that sets it: <c>Httpmq__Nats__ServerUri</c>.</summary>
    internal string Variable => Catalogue.VariableOf(Key);
}

/// <summary>
/// All keys that are declared. They are compared without regard to case and underscores, so that the original's <c>server_uri</c> and
/// .NET's <c>ServerUri</c> are the same key.
/// </summary>
internal sealed class Catalogue
{
    /// <summary>Stands in a key for a name that whoever writes it chooses.</summary>
    internal const string AnyName = "<name>";

    internal const string Nats = "nats";
    internal const string NatsServerUri = "nats.server_uri";

    // What other programs call the address of a NATS server.
    private static readonly FrozenSet<string> NatsAddressNames = FrozenSet.Create(
        StringComparer.Ordinal,
        "URI", "URIS", "URL", "URLS", "SERVER", "SERVERS", "SERVERURLS", "ADDRESS", "ADDR", "HOST", "HOSTS", "ENDPOINT", "ENDPOINTS");

    // What other programs call the section that says who may do what. Left out, everybody may do everything.
    private static readonly FrozenSet<string> AccessNames = FrozenSet.Create(
        StringComparer.Ordinal,
        "AUTHENTICATION", "AUTHORIZATION", "AUTHN", "AUTHZ", "ACCESS", "SECURITY", "PERMISSIONS", "USERS", "TOKENS", "KEYS", "ACL",
        "LOGIN");

    // What other programs call the section of a server's port with TLS, wherever below the server it is written.
    private static readonly FrozenSet<string> TlsNames = FrozenSet.Create(StringComparer.Ordinal, "TLS", "SSL", "HTTPS");

    // And that of the origins whose pages may use it.
    private const string CorsName = "CORS";

    private readonly List<Setting> _settings = [];
    private readonly List<string> _strict = [];
    private readonly List<string> _present = [];
    private readonly Dictionary<string, (string Name, SettingKind Kind)> _names = new(StringComparer.Ordinal);

    /// <param name="declare">Reads all keys from an empty configuration.</param>
    internal Catalogue(Action<SettingsSection> declare) =>
        declare(new SettingsSection(new ConfigurationRoot([]), new Reports(), catalogue: this));

    /// <summary>Every key, in the order of declaration, which is that in which problems are reported.</summary>
    internal IReadOnlyList<Setting> Settings => _settings;

    /// <summary>The section whose unknown keys are refused, that the path is in or is; null where it is in none.</summary>
    internal string? FindStrict(string path)
    {
        var parts = path.Split('.');
        return _strict.Find(section =>
            section.Count('.') < parts.Length && Same(string.Join('.', parts[..(section.Count('.') + 1)]), section));
    }

    /// <summary>Refuses unknown keys of a section: less would be configured than was meant.</summary>
    internal void AddStrict(string section) => _strict.Add(section);

    /// <summary>Whether the path is, or is in, a section that means something by being there.</summary>
    internal bool MarksPresence(string path) =>
        FindStrict(path) is not null || _present.Exists(section => Same(path.Split('.')[0], section));

    /// <summary>Whether it is the key of such a section that is not strict.</summary>
    internal bool IsPresence(string key) => _present.Contains(key, StringComparer.Ordinal);

    /// <summary>Notes a section that means something by being there.</summary>
    internal void AddPresent(string section) => _present.Add(section);

    internal void Add(Setting setting)
    {
        _settings.Add(setting);
        _names.Add(Normalize(setting.Key), (setting.Key, setting.Kind));
        if (setting.Kind is SettingKind.Named)
        {
            _names.Add(Normalize($"{setting.Key}.{AnyName}"), ($"{setting.Key}.{AnyName}", SettingKind.Section));
        }

        if (setting.Kind is SettingKind.Values)
        {
            _names.Add(Normalize(setting.Key + "[]"), (setting.Key + "[]", SettingKind.Value));
        }

        for (var parent = ParentOf(setting.Key); parent.Length > 0; parent = ParentOf(parent))
        {
            _names.TryAdd(Normalize(parent), (parent, SettingKind.Section));
        }
    }

    /// <summary>The key, section or item of a list as the catalogue spells it, and what it is; null when there is none.</summary>
    internal (string Key, SettingKind Kind)? Find(string path)
    {
        if (_names.TryGetValue(Normalize(path), out var found) && !found.Name.Contains(AnyName, StringComparison.Ordinal))
        {
            return (WithIndices(found.Name, path), found.Kind);
        }

        // A key in a section with a name of its own, which is kept as it is written.
        foreach (var (sections, kind) in _names.Values)
        {
            var (parts, depth) = (path.Split('.'), sections.Count('.') + 1);
            if (kind is SettingKind.Named && parts.Length > depth && Same(string.Join('.', parts[..depth]), sections))
            {
                var (name, rest) = (parts[depth], parts[(depth + 1)..]);
                return EntityName.IsValid(name)
                    && _names.TryGetValue(Normalize(string.Join('.', [sections, AnyName, .. rest])), out found)
                    ? (WithIndices(found.Name, string.Join('.', rest)).Replace(AnyName, name, StringComparison.Ordinal), found.Kind)
                    : null;
            }
        }

        return null;
    }

    /// <summary>The known key or section that an unknown path probably stands for, or null.</summary>
    internal string? FindMeant(string path)
    {
        if (FindMisplaced(path) is { } misplaced)
        {
            return misplaced;
        }

        var (given, last) = (ParentOf(path), NameOf(path));
        var parent = Find(given);
        if (Find(path)?.Key is Nats || (parent?.Key is Nats && NatsAddressNames.Contains(Plain(last))))
        {
            return NatsServerUri;
        }

        if (given.Length == 0 && AccessNames.Contains(Plain(last)) && StrictAtRoot is { } access)
        {
            return access;
        }

        if (TlsNames.Contains(Plain(last))
            && _strict.Find(tls => tls.Contains('.') && Same(tls.Split('.')[0], path.Split('.')[0])) is { } ofServer)
        {
            return ofServer;
        }

        if (Plain(last) is CorsName
            && _settings.Find(setting => NameOf(setting.Key) is "allowed_origins" && Same(setting.Key.Split('.')[0], path.Split('.')[0]))
                is { } origins)
        {
            return origins.Key;
        }

        if (parent is { Kind: not SettingKind.Section })
        {
            return parent.Value.Key; // An item of what is no list.
        }

        var section = parent?.Key ?? "";
        var siblings = parent is null && given.Length > 0 ? [] : _names.Values
            .Where(name => !name.Name.EndsWith(']') && Same(ParentOf(name.Name), General(section)))
            .Select(name => NameOf(name.Name));
        return Spelling.Nearest(last, siblings) is { } near
            ? section.Length == 0 ? near : $"{section}.{near}"
            : _settings.Find(setting => Same(NameOf(setting.Key), last) && MayBeMeant(setting.Key, given))?.Key;
    }

    /// <summary>
    /// The section whose unknown keys are refused that an unknown path below the root has in it: <c>management.auth</c>,
    /// <c>auths.anonymous</c>; null: none.
    /// </summary>
    internal string? FindMisplaced(string path)
    {
        var parts = path.Split('.');
        if (FindStrict(path) is not null || parts.Length is 1)
        {
            return null;
        }

        for (var depth = 0; depth < parts.Length; depth++)
        {
            var name = parts[depth].Split('[')[0];
            if (Find(string.Join('.', parts[..(depth + 1)])) is null
                && (Spelling.Nearest(name, _strict) ?? (depth is 0 && AccessNames.Contains(Plain(name)) ? StrictAtRoot : null))
                    is { } section)
            {
                return section;
            }
        }

        return null;
    }

    // The section that says who may do what.
    private string? StrictAtRoot => _strict.Find(static section => !section.Contains('.'));

    // A "name" or "roles" somewhere else is nobody's permission.
    private bool MayBeMeant(string key, string section) =>
        FindStrict(key) is null || (section.Length == 0 && key.Count('.') == 1);

    /// <summary>A complaint about an unknown name, with the one that was probably meant.</summary>
    internal static string Unknown(string what, string? meant) => meant is null ? what : $"{what}; did you mean {meant}?";

    /// <summary>The environment variable that sets the key: <c>Httpmq__Nats__ServerUri</c>.</summary>
    internal static string VariableOf(string key) => $"Httpmq__{string.Join("__", Split(key).Select(Pascal))}";

    // As it is declared: with the names that whoever writes it has chosen left out.
    private string General(string section)
    {
        foreach (var (sections, kind) in _names.Values)
        {
            var (parts, depth) = (section.Split('.'), sections.Count('.') + 1);
            if (kind is SettingKind.Named && parts.Length > depth && Same(string.Join('.', parts[..depth]), sections))
            {
                parts[depth] = AnyName;
                return string.Join('.', parts);
            }
        }

        return section;
    }

    private static string WithIndices(string name, string path)
    {
        var indices = new Queue<string>(Split(path).Where(IsIndex));
        var parts = name.Split("[]");
        return string.Concat(parts.SkipLast(1).Select(part => $"{part}[{indices.Dequeue().Trim('[', ']')}]")) + parts[^1];
    }

    private static bool Same(string one, string other) => string.Equals(Normalize(one), Normalize(other), StringComparison.Ordinal);

    private static string Normalize(string path) => string.Join('.', Split(path).Select(part => IsIndex(part) ? "[]" : Plain(part)));

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    // "a.b[2].c" is a, b, [2], c; in the environment, and in the framework's paths, an index has no brackets.
    private static string[] Split(string path) => path.Replace("[", ".[", StringComparison.Ordinal).Split('.');

    private static bool IsIndex(string part) => part.Length > 0 && part.Trim('[', ']').All(char.IsAsciiDigit);

    private static string Pascal(string name) => name is "[]"
        ? "0"
        : string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string NameOf(string key) => key[(key.LastIndexOf('.') + 1)..];

    private static string? Find(List<string> sections, string path) => sections.Find(section =>
        string.Equals(Normalize(path.Split('.')[0]), Normalize(section), StringComparison.Ordinal));

    private static string ParentOf(string key) => key.LastIndexOf('.') is > 0 and var dot ? key[..dot] : "";
}
