using Httpmq.Chaos.Faults;

namespace Httpmq.Tests.Chaos;

internal sealed class FaultPlanTests
{
    [Test]
    public void Next_SameSeed_SameOrder()
    {
        var first = Take(7, 30);
        Assert.That(Take(7, 30), Is.EqualTo(first));
    }

    [Test]
    public void Next_OneRound_HoldsEveryKind() => Assert.That(Take(3, FaultKinds.All.Count), Is.EquivalentTo(FaultKinds.All));

    private static List<FaultKind?> Take(int seed, int count)
    {
        var plan = new FaultPlan(FaultKinds.All, new Random(seed));
        return [.. Enumerable.Range(0, count).Select(_ => plan.Next())];
    }
}
