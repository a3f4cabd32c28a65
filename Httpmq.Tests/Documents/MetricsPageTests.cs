using System.Text;
using Httpmq.Application.Telemetry;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Documents;

/// <summary>The tables of metrics in docs/operations.md, held against the names in the code.</summary>
internal sealed class MetricsPageTests
{
    private const string Page = "docs/operations.md";
    private const string Begin = "<!-- metrics: made from the code by `make snapshots` -->\n";
    private const string End = "<!-- end of metrics -->";

    [Test]
    public void Tables_OfMetrics_AreThoseOfTheCode()
    {
        var page = Repository.Read(Page);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);

        Snapshot.Check(Page, $"{page[..begin]}\n{Table(MetricNames.All)}\n{Table(MetricNames.Lag)}\n{page[end..]}");
    }

    private static string Table(IEnumerable<MetricName> names)
    {
        var text = new StringBuilder("| Prometheus | OpenTelemetry | labels | what it measures |\n|---|---|---|---|\n");
        foreach (var name in names)
        {
            var labels = string.Join(", ", name.Tags.Select(static tag => $"`{PrometheusNames.OfTag(tag)}`"));
            text.Append($"| `{PrometheusNames.Of(name)}` | `{name.Name}` | {labels} | {name.Description} |\n");
        }

        return text.ToString();
    }
}
