using System.Runtime.Versioning;
using OpenTelemetry.Exporter;

namespace Httpmq.Tests.Api.Hosting.Configuration;

/// <summary>The section traces: what is configured, and what the library is told.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class TraceConfigurationTests : ConfigurationTest
{
    [Test]
    public void Traces_WithoutTheSection_AreOff() => Assert.That(Settings("dataplane").Traces, Is.Null);

    [TestCase("{}", "http://localhost:4318/", 0.01)]
    [TestCase("{sample_ratio: 1}", "http://localhost:4318/", 1)]
    [TestCase("{otlp: {endpoint: 'http://otel:4318'}, sample_ratio: 0.5}", "http://otel:4318/v1/traces", 0.5)]
    [TestCase("{otlp: {endpoint: 'https://otel/base/'}}", "https://otel/base/v1/traces", 0.01)]
    [TestCase("{otlp: {endpoint: 'http://otel:4317', protocol: grpc}}", "http://otel:4317/", 0.01)]
    public void Traces_Configured_AreWhatTheLibraryIsTold(string section, string endpoint, double ratio)
    {
        var traces = Settings("dataplane", "-c", Write("c.yaml", $"traces: {section}")).Traces!;

        var options = traces.Otlp.ToOptions("/v1/traces");
        Assert.That((options.Endpoint.AbsoluteUri, traces.SampleRatio), Is.EqualTo((endpoint, ratio)));
    }

    [Test]
    public void Traces_OfTheEnvironment_AreOn()
    {
        Environment["Httpmq__Traces__SampleRatio"] = "0.25";

        Assert.That(Settings("dataplane").Traces!.SampleRatio, Is.EqualTo(0.25));
    }

    [Test]
    public void Headers_OfAFile_AreTakenWithoutALineBreak()
    {
        var file = Write("headers", "a=1,b=2\n");

        var options = Settings("dataplane", "-c", Write("c.yaml", $"traces: {{otlp: {{headers_file: '{file}'}}}}"))
            .Traces!.Otlp.ToOptions("/v1/traces");
        Assert.That((options.Headers, options.Protocol), Is.EqualTo(("a=1,b=2", OtlpExportProtocol.HttpProtobuf)));
    }

    [TestCase("{sample_ratio: 1.5}", "traces.sample_ratio: '1.5' is not a number from 0 to 1, such as 0.01")]
    [TestCase("{sample_ratio: NaN}", "traces.sample_ratio: 'NaN' is not a number from 0 to 1, such as 0.01")]
    [TestCase("{otlp: {endpoint: 'otel:4318'}}", "traces.otlp.endpoint: 'otel:4318' is not a URL like http://127.0.0.1:4318")]
    [TestCase(
        "{otlp: {endpoint: 'http://a:s3cret@otel'}}",
        "traces.otlp.endpoint: 'http://***@otel' is not a URL like http://127.0.0.1:4318")]
    [TestCase(
        "{otlp: {endpoint: 'http://otel?token=s3cret'}}",
        "traces.otlp.endpoint: 'http://otel?***' is not a URL like http://127.0.0.1:4318")]
    [TestCase("{otlp: {protocol: http}}", "traces.otlp.protocol: 'http' is not 'http/protobuf' or 'grpc'")]
    [TestCase("{otlp: {headers_file: /nowhere/h}}", "traces.otlp.headers_file: '/nowhere/h' does not exist")]
    [TestCase("{ratio: 1}", "traces.ratio: unknown key of traces")]
    public void Traces_Wrong_AreNamedWithTheirValue(string section, string complaint) =>
        Assert.That(Refuse("dataplane", "-c", Write("c.yaml", $"traces: {section}")), Has.One.Contains(complaint));
}
