using System.Globalization;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>How requests are traced.</summary>
/// <param name="Otlp">Where spans go.</param>
/// <param name="SampleRatio">The share of traces that begin here and are recorded, from 0 to 1.</param>
internal sealed record TraceSettings(OtlpSettings Otlp, double SampleRatio);

/// <summary>The keys of the section <c>traces</c>. It is off when the section is not there.</summary>
internal static class TraceDeclaration
{
    private static readonly SettingRule<double> Ratio = new(
        "a number from 0 to 1, such as 0.01",
        static (string text, out double value) =>
            double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && value is >= 0 and <= 1);

    internal static TraceSettings? Read(SettingsSection root) => root.Strict("traces", static traces => new TraceSettings(
        OtlpDeclaration.Read(traces.Section("otlp")),
        traces.Value(
            "sample_ratio", "0.01", Ratio,
            "how many of the traces that begin here are recorded. A request with a `traceparent` is recorded where that says so")));
}
