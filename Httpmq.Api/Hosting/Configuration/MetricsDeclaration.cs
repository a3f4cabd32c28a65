using static Httpmq.Api.Hosting.Configuration.SettingRules;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>The keys of the section <c>metrics</c>. Nothing is measured when the section is not there.</summary>
internal static class MetricsDeclaration
{
    internal const string Section = "metrics";

    internal const string ListenOn = "listen_on";

    internal const string ListenPort = "listen_port";

    internal static MetricSettings? Read(SettingsSection root) => root.Present(Section, static metrics => new MetricSettings
    {
        ListenOn = metrics.Value(
            ListenOn, "127.0.0.1", Address, "the address on which Prometheus scrapes `/metrics`; nobody is asked who they are"),
        ListenPort = metrics.Value(ListenPort, "9464", Port, "the port on which Prometheus scrapes"),
        Otlp = metrics.Present("otlp", OtlpDeclaration.Read),
        OtlpInterval = metrics.Value("otlp.interval_sec", "60", Seconds, "how often metrics are sent"),
        LagInterval = metrics.Value(
            "consumer_lag.interval_sec", "15", SecondsOrNone,
            "how often JetStream is asked for the state of streams and consumers; 0 is never"),
        MaxConsumers = metrics.Value(
            "consumer_lag.max_consumers", "1000", ConsumerCount,
            "so many streams and so many consumers have series; the others are counted"),
    });
}
