namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// One source of settings (file, environment, command line) that remembers where each value stood, because a message about a wrong
/// value is of little use without it. Keys are as the catalogue spells them: <c>nats.server_uri</c>, <c>some.list[2].name</c>.
/// </summary>
/// <param name="file">The file that it is; null: it is none.</param>
internal sealed class SettingsSource(string? file = null) : ConfigurationProvider, IConfigurationSource
{
    // As the framework compares keys: of two names that differ in case alone, the second would replace the first unseen.
    private readonly Dictionary<string, string> _origins = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The file that it is; null: it is none.</summary>
    internal string? File => file;

    /// <summary>A value; or, with an empty text, a list or an item of one, so that an empty list is a list.</summary>
    internal void Add(string key, string text, string origin)
    {
        Set(ToPath(key), text);
        _origins[key] = origin;
    }

    /// <summary>Where an item of a list of values stood, which are one text.</summary>
    internal void AddOrigin(string item, string origin) => _origins[item] = origin;

    /// <summary>Where the key stood, or null when this source does not have it.</summary>
    internal string? OriginOf(string key) => _origins.GetValueOrDefault(key);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>The key as the framework writes it: <c>some:list:2:name</c>.</summary>
    internal static string ToPath(string key) =>
        key.Replace(".", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)
            .Replace("[", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)
            .Replace("]", "", StringComparison.Ordinal);
}
