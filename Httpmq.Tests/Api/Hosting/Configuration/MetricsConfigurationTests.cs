using System.Net;
using Httpmq.Api.Hosting.Configuration;

namespace Httpmq.Tests.Api.Hosting.Configuration;

internal sealed class MetricsConfigurationTests : ConfigurationTest
{
    [TestCase("nats: {}", null)]
    [TestCase("metrics:", 9464)]
    [TestCase("metrics: {}", 9464)]
    [TestCase("metrics: {listen_port: 9000}", 9000)]
    public void Section_ThereOrNot_SwitchesMetricsOn(string yaml, int? port) =>
        Assert.That(Settings("all", "-c", Write("c.yaml", yaml)).Metrics?.ListenPort, Is.EqualTo(port));

    [Test]
    public void Section_OfTheEnvironment_SwitchesMetricsOn()
    {
        Environment["Httpmq__Metrics__ConsumerLag__IntervalSec"] = "0";

        Assert.That(Settings("dataplane").Metrics, Is.EqualTo(new MetricSettings
        {
            ListenOn = IPAddress.Loopback,
            ListenPort = 9464,
            OtlpInterval = TimeSpan.FromSeconds(60),
            LagInterval = null,
            MaxConsumers = 1000,
        }));
    }

    [TestCase("metrics: {listen_port: 9464}", false)]
    [TestCase("metrics: {otlp: {}}", true)]
    [TestCase("metrics: {otlp: }", true)]
    [TestCase("metrics: {otlp: {endpoint: 'http://collector:4318'}}", true)]
    public void Otlp_ThereOrNot_IsSwitchedOn(string yaml, bool isOn)
    {
        var metrics = Settings("all", "-c", Write("c.yaml", yaml)).Metrics!;

        Assert.That((metrics.Otlp is not null, metrics.OtlpInterval), Is.EqualTo((isOn, TimeSpan.FromSeconds(60))));
    }

    [TestCase("metrics: {listen_port: 3001}", "'3001' is also the port of dataplane")]
    [TestCase("metrics: {listen_port: 0}", "'0' is not a port")]
    [TestCase("metrics: {listen_on: localhost}", "'localhost' is not an IP address")]
    [TestCase("metrics: {otlp: {endpoint: 'collector:4317'}}", "'collector:4317' is not a URL")]
    [TestCase("metrics: {otlp: {endpoint: 'http://me:secret@collector'}}", "'http://***@collector' is not a URL")]
    [TestCase("metrics: {otlp: {protocol: json}}", "'json' is not 'http/protobuf' or 'grpc'")]
    [TestCase("metrics: {consumer_lag: {max_consumers: 0}}", "'0' is not a whole number (1 to 100000)")]
    public void Value_ThatIsWrong_IsNamed(string yaml, string complaint) =>
        Assert.That(string.Join('\n', Refuse("all", "-c", Write("c.yaml", yaml))), Does.Contain(complaint));
}
