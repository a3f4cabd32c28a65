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

    /// <summary>A problem with the value of a key that no rule for it alone can see.</summary>
    internal void Refuse(string name, string complaint) => reports.Problem(KeyOf(name), complaint, OriginOf(KeyOf(name)));

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
