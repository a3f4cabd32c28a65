using System.Text.RegularExpressions;

namespace Httpmq.Tests.Support;

/// <summary>What Prometheus is shown: names with the labels of their series.</summary>
internal sealed partial class Scrape
{
    private static readonly string[] Parts = ["_bucket", "_sum", "_count"];

    private readonly Dictionary<string, HashSet<string>> _labels = new(StringComparer.Ordinal);

    public Scrape(string text)
    {
        Text = text;
        var histograms = Histogram().Matches(text).Select(static match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        foreach (Match series in Series().Matches(text))
        {
            var full = series.Groups["name"].Value;
            var name = Parts
                .Where(part => full.EndsWith(part, StringComparison.Ordinal))
                .Select(part => full[..^part.Length])
                .FirstOrDefault(histograms.Contains, full);
            var labels = Label().Matches(series.Groups["labels"].Value).Select(static label => label.Groups["name"].Value);
            foreach (var one in new[] { full, name }.Distinct(StringComparer.Ordinal))
            {
                _labels.TryAdd(one, new HashSet<string>(StringComparer.Ordinal));
                _labels[one].UnionWith(labels);
            }
        }
    }

    public string Text { get; }

    public IEnumerable<string> Names => _labels.Keys;

    public IReadOnlySet<string> LabelsOf(string name) => _labels[name];

    public bool Has(string name) => _labels.ContainsKey(name);

    /// <summary>Whether there is such a series with this value.</summary>
    /// <param name="series">Name and some labels, such as <c>a{b="c"}</c>, in the order of the text.</param>
    /// <param name="value">As it is written.</param>
    public bool Has(string series, string value)
    {
        var parts = series.TrimEnd('}').Split('{');
        return Text.Split('\n').Any(line =>
            line.StartsWith($"{parts[0]}{{", StringComparison.Ordinal)
            && parts[1].Split(',').All(label => line.Contains(label, StringComparison.Ordinal))
            && line.EndsWith($"}} {value}", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^# TYPE (?<name>\w+) histogram$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Histogram();

    [GeneratedRegex(@"^(?<name>[a-z]\w*)\{(?<labels>.*)\} \S+$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Series();

    [GeneratedRegex(@"(?<name>\w+)=""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Label();
}
