using Httpmq.Chaos;
using Httpmq.Chaos.Faults;
using Httpmq.Checker;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Chaos;

/// <summary>A short run with real processes: docs/testing-reliability.md says how to run longer ones.</summary>
[Category("Chaos")]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class ChaosRunTests
{
    [Test]
    [CancelAfter(180_000)]
    public async Task Run_LeaderAndGatewayKilledAndWiresCut_LosesNothing(CancellationToken cancellationToken)
    {
        var options = new ChaosOptions
        {
            Seed = 5,
            Duration = TimeSpan.FromSeconds(15),
            Calm = TimeSpan.FromSeconds(3),
            Inflight = 4,
            Faults = [FaultKind.KillLeader, FaultKind.KillGateway, FaultKind.CutNats, FaultKind.CutClients],
            DrainLimit = TimeSpan.FromMinutes(1),
            GatewayProgram = Path.Combine(TestContext.CurrentContext.TestDirectory, "Httpmq.Api.dll"),
        };

        var verdict = await Session.RunAsync(options, TestContext.Progress, cancellationToken);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(verdict.Violations.SelectMany(found => found.Examples), Is.Empty);
            Assert.That(verdict.Figures.First(figure => figure.Name.Contains("(200)", StringComparison.Ordinal)).Value, Is.GreaterThan(0));
        }
    }

    [TestCase("", 21)]
    [TestCase("all", 21)]
    [TestCase("none", 0)]
    [TestCase("kill-leader, cut-nats", 2)]
    public void Faults_Named_AreFound(string text, int count)
    {
        Assert.That(FaultKinds.TryParse(text, out var kinds, out _), Is.True);
        Assert.That(kinds, Has.Count.EqualTo(count));
    }

    [Test]
    public void Faults_UnknownName_IsToldBack()
    {
        Assert.That(FaultKinds.TryParse("kill-leader,flood", out _, out var unknown), Is.False);
        Assert.That(unknown, Is.EqualTo("flood"));
    }
}
