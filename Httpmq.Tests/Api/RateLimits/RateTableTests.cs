using System.Diagnostics;
using Httpmq.Api.RateLimits;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Api.RateLimits;

/// <summary>The permits of many keys. Rates are so slow that no permit comes while a test runs, however busy the machine is.</summary>
internal sealed class RateTableTests
{
    private static readonly Rate Slow = new(0.001, 3);

    private readonly FakeTimeProvider _time = new();

    [Test]
    public void TryTake_Burst_IsThereAtFirstAndThenNot()
    {
        var table = Table();

        Assert.That(Enumerable.Range(0, 3).Select(_ => table.TryTake("a", 1)), Is.All.Null);
        Assert.That(table.TryTake("a", 1), Is.GreaterThan(TimeSpan.FromSeconds(1)).And.LessThanOrEqualTo(TimeSpan.FromSeconds(1000)));
        Assert.That(table.TryTake("b", 1), Is.Null);
    }

    [Test]
    public void TryTake_MoreThanTheBurst_NeedsTheBurst()
    {
        var table = Table();

        Assert.That(table.TryTake("a", 1000), Is.Null);
        Assert.That(table.TryTake("a", 1), Is.Not.Null);
        Assert.That(table.TryTake("b", 1), Is.Null);
        Assert.That(table.TryTake("b", 1000), Is.Not.Null);
    }

    [Test]
    public void TryTake_FastRate_ComesBack()
    {
        var table = new RateTable<string>(static _ => new Rate(1_000_000, 1), TimeSpan.FromSeconds(1), _time);
        table.TryTake("a", 1);

        Assert.That(() => table.TryTake("a", 1), Is.Null.After(15).Seconds.PollEvery(1).MilliSeconds);
    }

    /// <summary>What has come during a pause is no more than the bucket holds.</summary>
    [Test]
    public async Task TryTake_AfterAPause_GivesTheBurstOnce()
    {
        var table = new RateTable<string>(static _ => new Rate(1000, 50), TimeSpan.FromSeconds(1), _time);
        table.TryTake("a", 1);
        var paused = Stopwatch.StartNew();
        await Eventually.HoldsAsync(() => paused.ElapsedMilliseconds > 200, "four times as long as the bucket needs");

        var taking = Stopwatch.StartNew();
        var taken = 0;
        while (table.TryTake("a", 1) is null)
        {
            taken++;
        }

        Assert.That(taken, Is.InRange(50, 50 + taking.ElapsedMilliseconds + 1));
    }

    [TestCase(2, 2)]
    [TestCase(3, 3)]
    [TestCase(4, 3)]
    [TestCase(10_000, 3)]
    public void TakeSome_ManyPermits_TakesThoseThatThereAre(int wanted, int taken)
    {
        var table = Table();

        Assert.That(table.TakeSome("a", wanted, out var wait), Is.EqualTo(taken));
        Assert.That(wait > TimeSpan.Zero, Is.EqualTo(taken < wanted));
    }

    [Test]
    public void FindWait_AnyKey_TakesAndAddsNothing()
    {
        var table = Table();
        table.TakeSome("a", 2, out _);

        Assert.That(Enumerable.Range(0, 9).Select(_ => table.FindWait("a")), Is.All.Null);
        Assert.That((table.FindWait("other"), table.Count), Is.EqualTo(((TimeSpan?)null, 1)));
        table.TryTake("a", 1);
        Assert.That(table.FindWait("a"), Is.Not.Null);
    }

    [Test]
    public void TryTake_MoreKeysThanFit_StaysBounded()
    {
        var table = new RateTable<ulong>(static _ => Slow, TimeSpan.FromHours(1), _time);
        for (var key = 0UL; key < 4 * RateTable<ulong>.MostKeys; key++)
        {
            table.TryTake(key, 1);
        }

        Assert.That(table.Count, Is.LessThanOrEqualTo(RateTable<ulong>.MostKeys));
    }

    [Test]
    public void TryTake_GenerationsPass_ForgetsTheIdleAndNoOther()
    {
        var table = new RateTable<string>(static _ => Slow, TimeSpan.FromHours(1), _time);
        table.TakeSome("busy", 3, out _);
        table.TakeSome("idle", 3, out _);
        foreach (var other in new[] { "x", "y", "z" })
        {
            _time.Advance(TimeSpan.FromHours(1.5));
            table.TryTake(other, 1);
            Assert.That(table.TryTake("busy", 1), Is.Not.Null);
        }

        Assert.That(table.TryTake("idle", 1), Is.Null);
    }

    [Test]
    public void TryTake_KeyWithoutARate_IsNotLimited()
    {
        var table = new RateTable<string>(static name => name is "slow" ? Slow : null, TimeSpan.FromHours(1), _time);

        Assert.That(
            (table.TryTake("other", 1000), table.TakeSome("other", 1000, out _), table.Count), Is.EqualTo(((TimeSpan?)null, 1000, 0)));
    }

    private RateTable<string> Table() => new(static _ => Slow, TimeSpan.FromHours(1), _time);
}
