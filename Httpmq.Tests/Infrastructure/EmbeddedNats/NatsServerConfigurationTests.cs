using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Infrastructure.Protocol;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

internal sealed class NatsServerConfigurationTests
{
    /// <summary>A server refuses a configuration with a field that it does not know.</summary>
    [TestCase(null, false, false)]
    [TestCase("2.9.10", false, false)]
    [TestCase("2.12.8", false, false)]
    [TestCase("2.14.0", true, false)]
    [TestCase("2.15.1", true, true)]
    public void Text_OfEachGeneration_HasWhatItKnows(string? version, bool monitoring, bool consumers)
    {
        var text = new NatsServerConfiguration(4711, "/secret", ServerFacts.Of(version), EmbeddedNatsSync.Default, "UKEY").ToString();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.Contain("users: [ { nkey: \"UKEY\" } ]").And.Contain("4711").And.Not.Contain("sync_interval"));
            Assert.That(text.Contains("http_base_path: \"/secret\"", StringComparison.Ordinal), Is.EqualTo(monitoring));
            Assert.That(text.Contains("default_max_consumers", StringComparison.Ordinal), Is.EqualTo(consumers));
        }
    }

    [Test]
    public void Text_SyncAlways_HasTheInterval() => Assert.That(
        new NatsServerConfiguration(1, "/secret", ServerFacts.Of("2.10.27"), EmbeddedNatsSync.Always, "UKEY").ToString(),
        Does.Contain("sync_interval: always"));

    [Test]
    public void Text_WhateverTheLimit_HasTheSameLength()
    {
        var small = new NatsServerConfiguration(
            1, NatsServerConfiguration.NewMonitoringPath(), ServerFacts.Of("2.15.1"), EmbeddedNatsSync.Default,
            new EmbeddedLogin().PublicKey);
        var large = small with
        {
            StoreLimit = long.MaxValue,
            MonitoringPath = NatsServerConfiguration.NewMonitoringPath(),
            PublicKey = new EmbeddedLogin().PublicKey,
        };

        Assert.That(small.ToString(), Has.Length.EqualTo(large.ToString().Length));
    }
}
