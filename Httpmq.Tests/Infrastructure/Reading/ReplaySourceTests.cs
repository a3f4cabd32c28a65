using System.Buffers;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Reading;

namespace Httpmq.Tests.Infrastructure.Reading;

/// <summary>What a replay takes from its readers, and when it is over.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ReplaySourceTests : IReplayReader, IDeliverySink
{
    private readonly List<ulong> _sent = [];
    private int _rooms;

    bool IDeliverySink.WantsDetails => true;

    [Test]
    public async Task End_WhileTheLastMessageWaits_IsNotSaidYet()
    {
        await using var source = Source(end: 1);

        // As between a pump that finds nothing to drain, and its look at the end.
        Assert.That(source.Drain(this, int.MaxValue), Is.Zero);
        Take(source, 1);
        Assert.That(source.End, Is.Null, "whoever sees an end does not drain any more");
        await source.WaitAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15));

        source.Drain(this, int.MaxValue);
        AssertComplete(source, 1);
        Assert.That(_sent, Is.EqualTo(new[] { 1UL }));
    }

    [Test]
    public async Task Take_OfAnotherReader_IsIgnored()
    {
        await using var source = Source(end: 9);
        Take(source, 1);
        source.Take(new ReplaySourceTests());

        Assert.That(Take(source, 2), Is.False);
        source.Drain(this, int.MaxValue);
        Assert.That(_sent, Is.EqualTo(new[] { 1UL }));
    }

    [Test]
    public async Task Take_WhatItHas_IsPassedOver()
    {
        await using var source = Source(end: 9, first: 3);
        foreach (var sequence in new ulong[] { 1, 2, 3, 3, 5, 4, 9, 10 })
        {
            Take(source, sequence);
        }

        source.Drain(this, int.MaxValue);
        AssertComplete(source, 9);
        Assert.That(_sent, Is.EqualTo(new ulong[] { 3, 5, 9 }));
    }

    [Test]
    public async Task Take_BehindTheEnd_EndsItWithoutThat()
    {
        await using var source = Source(end: 4);

        Assert.That(Take(source, 5), Is.False);
        AssertComplete(source, 4, isEmpty: true);
    }

    [Test]
    public async Task Take_UpToTheLimit_EndsItAlthoughItFollows()
    {
        await using var source = Source(end: 4, options: new ReplayOptions { Follow = true, Limit = 2 });

        Assert.That((source.Left, Take(source, 1), source.Left, Take(source, 2)), Is.EqualTo((2L, true, 1L, false)));
        source.Drain(this, int.MaxValue);
        AssertComplete(source, 2);
    }

    [Test]
    public async Task Drain_OfEnough_SaysThatThereIsRoom()
    {
        await using var source = Source(end: 9000, options: new ReplayOptions { Follow = true });
        ulong sequence = 0;
        while (source.HasRoom)
        {
            Take(source, ++sequence);
        }

        var waiting = source.WaitForRoomAsync();
        Assert.That(waiting.IsCompleted, Is.False);
        source.Drain(this, budget: 1);
        await waiting;
        Assert.That(_rooms, Is.EqualTo(1));
    }

    [Test]
    public async Task HasRoom_WhenAllReplaysHoldTooMuch_IsOnlyWithNothingThatWaits()
    {
        var all = new ByteBudget(100);
        await using var greedy = Source(end: 9, all: all);
        await using var other = Source(end: 9, all: all);
        Take(greedy, 1);

        Assert.That((greedy.HasRoom, other.HasRoom, other.IsScarce), Is.EqualTo((false, true, true)));
        greedy.Drain(this, int.MaxValue);
        Assert.That((greedy.HasRoom, other.IsScarce), Is.EqualTo((true, false)));
    }

    void IReplayReader.OnRoom() => _rooms++;

    void IReplayReader.OnOver()
    {
    }

    int IDeliverySink.Write(in Delivery delivery)
    {
        _sent.Add(delivery.Sequence.Stream);
        return 1;
    }

    private static void AssertComplete(ReplaySource source, ulong last, bool isEmpty = false) => Assert.That(
        (source.End?.Type, source.End?["last_sequence"], source.End?.Has("empty")),
        Is.EqualTo((ReplayErrorTypes.Complete, (object)last, isEmpty)));

    private ReplaySource Source(ulong end, ulong first = 1, ReplayOptions? options = null, ByteBudget? all = null)
    {
        var source = new ReplaySource("s", options ?? new ReplayOptions(), first, end, all ?? new ByteBudget(long.MaxValue));
        source.Take(this);
        return source;
    }

    private bool Take(ReplaySource source, ulong sequence) => source.Take(
        this, "s", $"$JS.ACK.s.c.1.{sequence}.1.0.0", sequence, ReadOnlySequence<byte>.Empty, new ReadOnlySequence<byte>(new byte[1000]));
}
