using Httpmq.Infrastructure.Protocol;
using Moq;
using NATS.Client.Core;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>What a server says of itself.</summary>
internal sealed class ServerFactsTests
{
    [Test]
    public void Of_AServer_HasItsLimits()
    {
        var info = new Mock<INatsServerInfo>();
        info.Setup(server => server.Version).Returns("2.12.0-preview.1");
        info.Setup(server => server.Host).Returns("10.0.0.1");
        info.Setup(server => server.Port).Returns(4222);
        info.Setup(server => server.MaxPayload).Returns(65536);
        info.Setup(server => server.Cluster).Returns("c");
        info.Setup(server => server.JetStreamAvailable).Returns(value: false);

        var facts = ServerFacts.Of(info.Object);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(facts.Name, Is.EqualTo("2.12.0-preview.1"));
            Assert.That(facts.Version, Is.EqualTo(new Version(2, 12, 0)));
            Assert.That(facts.Address, Is.EqualTo("10.0.0.1:4222"));
            Assert.That(facts.MaxPayload, Is.EqualTo(65536));
            Assert.That(facts.IsClustered, Is.True);
            Assert.That(facts.HasJetStream, Is.False);
        }
    }

    [Test]
    public void Of_NoServerYet_IsWhatMayBeExpectedOfAny()
    {
        var facts = ServerFacts.Of((INatsServerInfo?)null);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(facts.Name, Is.Null);
            Assert.That(facts.MaxPayload, Is.EqualTo(1024 * 1024));
            Assert.That(facts.HasMetadata, Is.False);
        }
    }

    [TestCase("2.9.25", false)]
    [TestCase("2.10.0", true)]
    [TestCase("2.15.1", true)]
    public void HasMetadata_OfAVersion_IsFrom210On(string version, bool has) =>
        Assert.That(ServerFacts.Of(version).HasMetadata, Is.EqualTo(has));
}
