using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>A value as it was written, and where. <paramref name="Origin"/> reads on after a comma: "in config.yaml"; empty for a default.</summary>
internal readonly record struct GivenValue(string Text, string Origin);

/// <summary>
/// One configuration source (defaults, file, environment, command line) that remembers where each value stood, because a message
/// about a wrong value is of little use without it. A list is one value, separated by commas: the framework would merge the lists of
/// two sources item by item, and nobody who writes a shorter list expects to keep the tail of the longer one.
/// </summary>
internal sealed class SettingsLayer : ConfigurationProvider, IConfigurationSource
{
    private readonly Dictionary<string, string> _origins = new(StringComparer.Ordinal);

    internal void Add(string key, string text, string origin = "")
    {
        Set(ToPath(key), text);
        _origins[key] = origin;
    }

    internal bool Contains(string key) => _origins.ContainsKey(key);

    internal GivenValue? Find(string key) =>
        TryGet(ToPath(key), out var text) && text is not null ? new GivenValue(text, _origins[key]) : null;

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    private static string ToPath(string key) => key.Replace(".", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
}

/// <summary>What was found wrong (the process must not start) and what was merely odd (it may), one line each.</summary>
internal sealed class Findings
{
    private readonly List<string> _problems = [];
    private readonly List<string> _warnings = [];
    private readonly List<(string Subject, string Meant, string Origin)> _misspelt = [];

    internal IReadOnlyList<string> Problems => _problems;

    internal IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Unknown names that resemble a known key, and that key.</summary>
    internal IReadOnlyList<(string Subject, string Meant, string Origin)> Misspelt => _misspelt;

    /// <summary>A warning about a name that no key has, with the key that was probably meant.</summary>
    /// <param name="subject">The name as it was written.</param>
    /// <param name="path">The name as a path of keys.</param>
    /// <param name="what">What it is: "unknown key".</param>
    /// <param name="origin">Where it was written; see <see cref="GivenValue.Origin"/>.</param>
    internal void Unknown(string subject, string path, string what, string origin = "")
    {
        var meant = SettingKeys.FindMeant(path);
        Warning(subject, meant is null ? $"{what}, ignored" : $"{what}, ignored (did you mean {meant}?)", origin);
        if (meant is not null)
        {
            _misspelt.Add((subject, meant, origin));
        }
    }

    /// <param name="subject">The key, option, variable or file that is wrong.</param>
    /// <param name="complaint">What is wrong with it.</param>
    /// <param name="origin">Where it was written; see <see cref="GivenValue.Origin"/>.</param>
    internal void Problem(string subject, string complaint, string origin = "") => _problems.Add(Line(subject, complaint, origin));

    /// <inheritdoc cref="Problem"/>
    internal void Warning(string subject, string complaint, string origin = "") => _warnings.Add(Line(subject, complaint, origin));

    private static string Line(string subject, string complaint, string origin) =>
        PlainText.OneLine(origin.Length == 0 ? $"{subject}: {complaint}" : $"{subject}: {complaint}, {origin}");
}
