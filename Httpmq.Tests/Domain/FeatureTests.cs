using Httpmq.Domain.Features;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Tests.Domain;

/// <summary>The table of what not every nats-server has.</summary>
internal sealed class FeatureTests
{
    [Test]
    public void All_Names_AreInSnakeCaseAndThereOnce()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Feature.All, Has.Count.GreaterThan(20));
            Assert.That(Feature.All.Select(static feature => feature.Name), Is.Unique.And.All.Matches("^[a-z0-9]+(_[a-z0-9]+)*$"));
            Assert.That(Feature.All.Select(static feature => feature.Since), Is.Ordered);
        }
    }

    [Test]
    public void Of_TheNameOfAField_IsThatFeature() => Assert.That(Feature.Of(nameof(Feature.Pause)), Is.SameAs(Feature.Pause));

    [TestCase("2.10.27", false)]
    [TestCase("2.11.0-preview.2", true)]
    [TestCase("2.15.1", true)]
    [TestCase(null, false)]
    public void Has_OfAServer_GoesByItsVersion(string? version, bool has) =>
        Assert.That(ServerFacts.Of(version).Has(Feature.Pause), Is.EqualTo(has));

    [TestCase(false, 0, true)]
    [TestCase(true, 0, false)]
    [TestCase(true, 1, true)]
    [TestCase(true, 5, true)]
    public void Has_OfAClusterOfMixedVersions_GoesByTheOneThatAnswersToo(bool isClustered, int level, bool has)
    {
        var server = ServerOf(isClustered);

        Assert.That(server.Has(Feature.Pause, level), Is.EqualTo(has));
    }

    [Test]
    public void Has_BeforeLevels_CannotBeToldOfWhoeverAnswers() =>
        Assert.That(ServerOf(isClustered: true).Has(Feature.Metadata, answering: 0), Is.True);

    private static ServerFacts ServerOf(bool isClustered)
    {
        var info = new Moq.Mock<NATS.Client.Core.INatsServerInfo>();
        info.Setup(server => server.Version).Returns("2.15.1");
        info.Setup(server => server.Cluster).Returns(isClustered ? "c" : string.Empty);
        return ServerFacts.Of(info.Object);
    }
}
