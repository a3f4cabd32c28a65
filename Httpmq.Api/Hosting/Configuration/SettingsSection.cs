using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// A section of the configuration while it is read. The call that reads a key is also what declares it, with default, rule and text:
/// against an empty configuration and with a catalogue to fill, the same calls describe all keys that there are.
/// </summary>
internal sealed class SettingsSection(IConfigurationRoot configuration, Reports reports, string path = "", Catalogue? catalogue = null)
{
    private const string NoDefault = "none: it must be there";

    internal bool HasProblems => reports.Problems.Count > 0;

    internal SettingsSection Section(string name) => new(configuration, reports, KeyOf(name), catalogue);

    /// <param name="name">Below this section; may have several parts.</param>
    /// <param name="fallback">The default, as a file would write it.</param>
    /// <param name="rule">What the value must be.</param>
    /// <param name="text">What the key does, for the documentation.</param>
    /// <param name="shown">What the documentation says of the default, where it depends.</param>
    internal T Value<T>(string name, string fallback, SettingRule<T> rule, string text, string? shown = null) =>
        Read(name, fallback, rule, text, shown ?? (fallback.Length == 0 ? "none" : $"`{fallback}`"))!;

    /// <inheritdoc cref="Value"/>
    /// <returns>Null when there is neither a value nor a default.</returns>
    internal T? Optional<T>(string name, string? fallback, SettingRule<T> rule, string text, string shown)
        where T : class
        => Read(name, fallback, rule, text, shown);

    /// <inheritdoc cref="Value"/>
    internal T Required<T>(string name, SettingRule<T> rule, string text) => Read(name, null, rule, text, NoDefault)!;

    /// <summary>A list of sections.</summary>
    internal IReadOnlyList<T> Sections<T>(string name, string text, Func<SettingsSection, T> read)
    {
        var key = KeyOf(name);
        if (catalogue is not null)
        {
            catalogue.Add(new Setting(key, "none", "a list of sections", text, SettingKind.Sections));
            read(new SettingsSection(configuration, reports, $"{key}[]", catalogue));
        }

        // An item is read from the same source as its list: a stronger source replaces a list, and is not mixed with a weaker one.
        return Strongest(key) is { } source
            ? [.. Items(source, key).Select(item => read(new(new ConfigurationRoot([source]), reports, $"{key}[{item.Key}]")))]
            : [];
    }

    /// <summary>Sections whose names are chosen by whoever writes them. Those of all sources together.</summary>
    internal IReadOnlyDictionary<string, T> Named<T>(string name, string text, Func<SettingsSection, T> read)
    {
        var key = KeyOf(name);
        if (catalogue is not null)
        {
            catalogue.Add(new Setting(key, "none", "sections with names", text, SettingKind.Named));
            read(new SettingsSection(configuration, reports, $"{key}.{Catalogue.AnyName}", catalogue));
        }

        return configuration.GetSection(SettingsSource.ToPath(key)).GetChildren().ToDictionary(
            section => section.Key, section => read(new(configuration, reports, $"{key}.{section.Key}")), StringComparer.Ordinal);
    }

    /// <summary>A section that means something by being there, also where it is empty. Null when it is not there.</summary>
    internal T? Present<T>(string name, Func<SettingsSection, T> read)
        where T : class
    {
        catalogue?.AddPresent(KeyOf(name));
        return catalogue is not null || Strongest(KeyOf(name)) is not null ? read(Section(name)) : null;
    }

    /// <summary>
    /// A section that means something by being there, and whose unknown keys are refused: with less of it than was meant, the process must
    /// not start. Null when it is not there.
    /// </summary>
    internal T? Strict<T>(string name, Func<SettingsSection, T> read)
        where T : class
    {
        catalogue?.AddStrict(KeyOf(name));
        var section = Section(name);
        return catalogue is not null || Strongest(KeyOf(name)) is not null ? read(section) : null;
    }

    /// <summary>A list of texts in their order, each with the place where it stands.</summary>
    internal IReadOnlyList<(string Text, string Origin)> Texts(
        string name, SettingRule<string> rule, string text, bool isNeeded = false)
    {
        var key = KeyOf(name);
        catalogue?.Add(new Setting(key, isNeeded ? NoDefault : "none", $"a list: each {rule.Expected}", text, SettingKind.Values));
        if (Strongest(key) is not { } source)
        {
            return [];
        }

        var joined = configuration[SettingsSource.ToPath(key)];
        var items = joined is { Length: > 0 }
            ? joined.Split(',').Select((item, index) => (item.Trim(), source.OriginOf($"{key}[{index}]") ?? source.OriginOf(key)!))
            : Items(source, key).Select(item => (item.Value?.Trim() ?? "", source.OriginOf($"{key}[{item.Key}]") ?? source.OriginOf(key)!));
        var texts = new List<(string, string)>();
        foreach (var (item, origin) in items)
        {
            if (rule.TryParse(item, out var value))
            {
                texts.Add((value, origin));
            }
            else
            {
                reports.Problem(key, $"{PlainText.Quote(rule.Display(item))} {rule.Complaint}", origin);
            }
        }

        return texts;
    }

    /// <summary>The key and the place where it stands, for people.</summary>
    internal string Locate(string name, string origin) => $"{KeyOf(name)}, {origin}";

    /// <summary>Where this section stands; empty where it is not there.</summary>
    internal string Origin => OriginOf(path);

    /// <summary>A problem with a value that stands at a place of its own.</summary>
    internal void Refuse(string name, string complaint, string origin) => reports.Problem(KeyOf(name), complaint, origin);

    /// <summary>A problem with the value of a key that no rule for it alone can see.</summary>
    internal void Refuse(string name, string complaint) => reports.Problem(KeyOf(name), complaint, OriginOf(KeyOf(name)));

    /// <summary>What is odd about the value of a key, and no reason not to start.</summary>
    internal void Warn(string name, string complaint) => reports.Warning(KeyOf(name), complaint, OriginOf(KeyOf(name)));

    /// <summary>The file in which the key has its value; null where that is no file.</summary>
    internal string? FileOf(string name) => Strongest(KeyOf(name))?.File;

    private T? Read<T>(string name, string? fallback, SettingRule<T> rule, string text, string shown)
    {
        var key = KeyOf(name);
        catalogue?.Add(new Setting(key, shown, rule.Expected, text, rule.IsList ? SettingKind.Values : SettingKind.Value));
        var given = configuration[SettingsSource.ToPath(key)] ?? fallback;
        if (rule.IsList && given is "" && Strongest(key) is { } source)
        {
            given = string.Join(',', Items(source, key).Select(item => item.Value));
        }

        var value = default(T);
        if (given is null && shown is NoDefault)
        {
            reports.Problem(key, "is missing", OriginOf(path));
        }
        else if (given is not null && !rule.TryParse(given, out value))
        {
            Refuse(name, $"{PlainText.Quote(rule.Display(given))} {rule.Complaint}");
        }

        return value;
    }

    private string KeyOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private string OriginOf(string key) => Strongest(key)?.OriginOf(key) ?? "";

    private SettingsSource? Strongest(string key) =>
        configuration.Providers.OfType<SettingsSource>().LastOrDefault(source => source.OriginOf(key) is not null);

    private static IEnumerable<IConfigurationSection> Items(SettingsSource source, string key) =>
        new ConfigurationRoot([source]).GetSection(SettingsSource.ToPath(key)).GetChildren();
}
