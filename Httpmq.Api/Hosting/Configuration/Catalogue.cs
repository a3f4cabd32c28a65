using System.Collections.Frozen;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

internal enum SettingKind
{
    Section,
    Value,

    /// <summary>A list of single values: one text, separated by commas, wherever it is written.</summary>
    Values,

    /// <summary>A list of sections.</summary>
    Sections,
}

/// <summary>One key as it is declared.</summary>
/// <param name="Key">Its name: <c>nats.server_uri</c>, or <c>some.list[].name</c> in each section of a list.</param>
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
    internal const string Nats = "nats";
    internal const string NatsServerUri = "nats.server_uri";

    // What other programs call the address of a NATS server.
    private static readonly FrozenSet<string> NatsAddressNames = FrozenSet.Create(
        StringComparer.Ordinal,
        "URI", "URIS", "URL", "URLS", "SERVER", "SERVERS", "SERVERURLS", "ADDRESS", "ADDR", "HOST", "HOSTS", "ENDPOINT", "ENDPOINTS");

    private readonly List<Setting> _settings = [];
    private readonly Dictionary<string, (string Name, SettingKind Kind)> _names = new(StringComparer.Ordinal);

    /// <param name="declare">Reads all keys from an empty configuration.</param>
    internal Catalogue(Action<SettingsSection> declare) =>
        declare(new SettingsSection(new ConfigurationRoot([]), new Reports(), catalogue: this));

    /// <summary>Every key, in the order of declaration, which is that in which problems are reported.</summary>
    internal IReadOnlyList<Setting> Settings => _settings;

    internal void Add(Setting setting)
    {
        _settings.Add(setting);
        _names.Add(Normalize(setting.Key), (setting.Key, setting.Kind));
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
        if (!_names.TryGetValue(Normalize(path), out var found))
        {
            return null;
        }

        var indices = new Queue<string>(Split(path).Where(IsIndex));
        var parts = found.Name.Split("[]");
        var items = parts.SkipLast(1).Select(part => $"{part}[{indices.Dequeue().Trim('[', ']')}]");
        return (string.Concat(items) + parts[^1], found.Kind);
    }

    /// <summary>The known key or section that an unknown path probably stands for, or null.</summary>
    internal string? FindMeant(string path)
    {
        var (given, last) = (ParentOf(path), NameOf(path));
        var parent = Find(given);
        if (Find(path)?.Key is Nats || (parent?.Key is Nats && NatsAddressNames.Contains(Plain(last))))
        {
            return NatsServerUri;
        }

        if (parent is { Kind: not SettingKind.Section })
        {
            return parent.Value.Key; // An item of what is no list.
        }

        var section = parent?.Key ?? "";
        var siblings = parent is null && given.Length > 0 ? [] : _names.Values
            .Where(name => !name.Name.EndsWith(']') && Same(ParentOf(name.Name), section))
            .Select(name => NameOf(name.Name));
        return Spelling.Nearest(last, siblings) is { } near
            ? section.Length == 0 ? near : $"{section}.{near}"
            : _settings.Find(setting => Same(NameOf(setting.Key), last))?.Key;
    }

    /// <summary>The environment variable that sets the key: <c>Httpmq__Nats__ServerUri</c>.</summary>
    internal static string VariableOf(string key) => $"Httpmq__{string.Join("__", Split(key).Select(Pascal))}";

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

    private static string ParentOf(string key) => key.LastIndexOf('.') is > 0 and var dot ? key[..dot] : "";
}
