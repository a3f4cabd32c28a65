using Httpmq.Application.Telemetry;

namespace Httpmq.Tests.Support;

/// <summary>What OpenTelemetry's names become in Prometheus.</summary>
internal static class PrometheusNames
{
    public static string Of(MetricName name)
    {
        var unit = name.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => string.Empty,
        };
        return $"{OfTag(name.Name)}{unit}{(name.Kind is MetricKind.Counter ? "_total" : string.Empty)}";
    }

    public static string OfTag(string tag) => tag.Replace('.', '_');
}
