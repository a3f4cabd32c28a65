using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Reading;

namespace Httpmq.Tests.Infrastructure.Reading;

/// <summary>What an ordered consumer is asked for next.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class OrderedRequestsTests
{
    private const long Window = 1000;

    private readonly OrderedRequests _requests = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(4));

    [Test]
    public void Next_NothingWaits_AsksForTheWindow()
    {
        var (number, request) = Next()!.Value;

        Assert.That((number, request.Batch, request.MaxBytes), Is.EqualTo((1, 100_000, (long?)Window)));
        Assert.That((request.Expires, request.IdleHeartbeat), Is.EqualTo((60_000_000_000, 4_000_000_000)));
        Assert.That(_requests.AreWaiting, Is.True);
    }

    [Test]
    public void Next_BeforeHalfIsHere_AsksForNothing()
    {
        Next();
        _requests.Received(499);
        Assert.That((_requests.IsLow(Window), Next()), Is.EqualTo((false, ((int, SinglePullRequest)?)null)));

        _requests.Received(1);

        Assert.That(Next()?.Number, Is.EqualTo(2));
        _requests.Received(999);
        Assert.That(_requests.IsLow(Window), Is.False, "both wait");
    }

    [Test]
    public void Next_OfNoMoreThanIsOfUse_AsksForThatMany() => Assert.That(Next(left: 7)?.Request.Batch, Is.EqualTo(7));

    [Test]
    public void Ended_WithBytesLeft_CountsThemOff()
    {
        Next();
        _requests.Received(600);
        Next();
        _requests.Ended(bytesLeft: 400);

        Assert.That(_requests.IsLow(Window), Is.False, "the second waits");
        _requests.Ended(bytesLeft: 1000);
        Assert.That(_requests.AreWaiting, Is.False);
    }

    [Test]
    public void Ended_WithoutSaying_NothingWaits()
    {
        Next();
        _requests.Ended(bytesLeft: null);

        Assert.That(_requests.AreWaiting, Is.False);
    }

    [Test]
    public void Next_RoomForOneMessage_AsksForItAloneHoweverLargeItIs()
    {
        var request = Next(isScarce: true)!.Value.Request;
        Assert.That((request.Batch, request.MaxBytes), Is.EqualTo((1, (long?)null)));
        Assert.That(Next(), Is.Null);

        _requests.Received(5);

        Assert.That((_requests.AreWaiting, Next(isScarce: true)?.Number), Is.EqualTo((false, (int?)2)));
    }

    [Test]
    public void TryFit_MessageLargerThanTheWindow_IsAskedForAloneOnce()
    {
        Next();
        _requests.Ended(Window);
        Assert.That(_requests.TryFit(PullConflict.MessageTooLarge, Window, Window), Is.True);

        Assert.That(Next()?.Request.Batch, Is.EqualTo(1));
        _requests.Received(5000);
        Assert.That(Next()?.Request.MaxBytes, Is.EqualTo(Window));
    }

    [Test]
    public void TryFit_MessageLargerThanWhatIsLeft_IsAskedForWithTheWindow()
    {
        Next();
        _requests.Received(600);
        _requests.Ended(400);
        Assert.That(_requests.TryFit(PullConflict.MessageTooLarge, 400, Window), Is.True);

        Assert.That(Next()?.Request.MaxBytes, Is.EqualTo(Window));
    }

    [Test]
    public void TryFit_BatchTooLarge_AsksForHalfUntilThatIsOne()
    {
        var batches = new List<int>();
        do
        {
            batches.Add(Next()!.Value.Request.Batch);
            Assert.That(Next(), Is.Null, "the consumer takes no two of that kind");
            _requests.Ended(bytesLeft: null);
        }
        while (_requests.TryFit(PullConflict.BatchTooLarge, bytesLeft: null, Window));

        Assert.That(batches, Has.Count.EqualTo(17));
        Assert.That((batches[1], batches[^1]), Is.EqualTo((50_000, 1)));
    }

    [Test]
    public void TryFit_ExpiresTooLong_WaitsHalfAsLongAndKeepsTheHeartbeatWithinThat()
    {
        while (_requests.TryFit(PullConflict.ExpiresTooLong, bytesLeft: null, Window))
        {
        }

        var request = Next()!.Value.Request;
        Assert.That(request.Expires, Is.EqualTo(937_500_000));
        Assert.That(request.IdleHeartbeat, Is.EqualTo(request.Expires / 4));
    }

    [TestCase(nameof(PullConflict.BytesTooMany))]
    [TestCase(nameof(PullConflict.BecamePush))]
    [TestCase(nameof(PullConflict.ConsumerDeleted))]
    public void TryFit_WhatNoOtherRequestMends_IsSaid(string conflict) =>
        Assert.That(_requests.TryFit(Enum.Parse<PullConflict>(conflict), bytesLeft: null, Window), Is.False);

    [Test]
    public void Forget_AfterAReconnect_OldRequestsDoNotCount()
    {
        Next();
        _requests.Forget();

        Assert.That((_requests.AreWaiting, _requests.IsKnown(1), _requests.IsKnown(2)), Is.EqualTo((false, false, true)));
        Assert.That(Next()?.Number, Is.EqualTo(2));
    }

    private (int Number, SinglePullRequest Request)? Next(long left = long.MaxValue, bool isScarce = false) =>
        _requests.Next(Window, left, isScarce);
}
