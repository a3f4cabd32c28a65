using Httpmq.Api.Http;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Api.Http;

/// <summary>Which refusals are written one by one.</summary>
internal sealed class RefusalLimitTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<long> _leftOut = [];
    private RefusalLimit _limit = null!;

    [SetUp]
    public void Make()
    {
        _leftOut.Clear();
        _limit = new RefusalLimit(_time, _leftOut.Add);
    }

    [TearDown]
    public void Dispose() => _limit.Dispose();

    [Test]
    public void TryTake_OneCaller_LeavesRoomForOthersAndTellsTheRest()
    {
        var taken = Enumerable.Range(0, 1000).Count(_ => _limit.TryTake("mallory"));
        Assert.That((taken, _limit.TryTake("shop")), Is.EqualTo((RefusalLimit.OfOne, true)));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(_leftOut, Is.EqualTo(new[] { 1000L - RefusalLimit.OfOne }));
        Assert.That(_limit.TryTake("mallory"), Is.True);
    }

    [Test]
    public void TryTake_ManyCallers_AreLimitedTogether()
    {
        Assert.That(Enumerable.Range(0, 1000).Count(caller => _limit.TryTake($"{caller}")), Is.EqualTo(RefusalLimit.OfAll));

        _limit.Dispose();
        Assert.That(_leftOut, Is.EqualTo(new[] { 1000L - RefusalLimit.OfAll }));
    }

    [Test]
    public void TryTake_NothingLeftOut_TellsNothing()
    {
        Assert.That(_limit.TryTake("shop"), Is.True);

        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.That(_leftOut, Is.Empty);
    }
}
