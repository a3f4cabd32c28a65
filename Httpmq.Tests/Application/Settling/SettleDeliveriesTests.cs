using Httpmq.Application.Settling;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace Httpmq.Tests.Application.Settling;

/// <summary>Entries of one request that hinder each other, or must not.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SettleDeliveriesTests
{
    private static readonly Settlement Ack = new(SettleVerb.Ack);

    private readonly FakeTimeProvider _time = new();
    private readonly Mock<IMessageAcknowledger> _port = new();
    private SettleRoom _room = new();

    [TearDown]
    public void Dispose() => _room.Dispose();

    [Test]
    public async Task Settle_OneIsStuck_TheOthersAreDoneAndItIsATimeOut()
    {
        var stuck = new TaskCompletionSource<Error?>();
        Setup(1).Returns(new ValueTask<Error?>(stuck.Task));
        var settling = SettleAsync([.. Enumerable.Range(1, 2000).Select(static number => Entry((ulong)number, Ack))]);
        await Eventually.HoldsAsync(() => _port.Invocations.Count == 2001, "the preparation, and all entries");
        await Eventually.HoldsAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return settling.IsCompleted;
            },
            "the end");

        var outcomes = await settling;

        Assert.That(outcomes[0].Error?.Kind, Is.EqualTo(ErrorKind.Timeout));
        Assert.That(outcomes.Skip(1).Select(static outcome => outcome.Error), Is.All.Null);
    }

    [Test]
    public async Task Settle_AllRoomIsTakenByStuckOnes_AnotherSettlementIsDone()
    {
        _room.Dispose();
        _room = new SettleRoom(entries: 3);
        for (var number = 1; number <= 50; number++)
        {
            Setup((ulong)number).Returns(new ValueTask<Error?>(new TaskCompletionSource<Error?>().Task));
        }

        var stuck = SettleAsync([.. Enumerable.Range(1, 50).Select(static number => Entry((ulong)number, Ack))]);
        await Eventually.HoldsAsync(
            () => _port.Invocations.Count == 5, "the preparation, one that is always under way, and three in the room");

        var outcomes = await SettleAsync([.. Enumerable.Range(100, 1000).Select(static number => Entry((ulong)number, Ack))]);

        Assert.That(outcomes.Select(static outcome => outcome.Error), Is.All.Null);
        while (!stuck.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        var kinds = (await stuck).Select(static outcome => outcome.Error?.Kind).ToList();
        Assert.That(kinds, Has.Exactly(4).EqualTo(ErrorKind.Timeout));
        Assert.That(_room.EnterAsync(CancellationToken.None).IsCompleted, Is.False, "what is stuck still has its room");
    }

    /// <summary>A session stays open while its client does not read, also beyond its token.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void Settle_WhatTheCallerHasShownIsOver_SettlesNothing(bool expired)
    {
        var caller = expired
            ? new Caller("alice", Permissions.All) { ShownBy = "token", Expires = _time.GetUtcNow() }
            : new Caller("alice", Permissions.All) { ShownBy = "token", Ended = new CancellationToken(canceled: true) };

        Assert.That(
            async () => await SettleAsync([Entry(1, Ack)], caller),
            Throws.InstanceOf<HttpmqException>().With.Property(nameof(HttpmqException.Error))
                .Property(nameof(Error.Kind)).EqualTo(ErrorKind.Unauthenticated));
        Assert.That(_port.Invocations, Is.Empty);
    }

    [Test]
    public async Task Settle_OneFails_NothingIsSettledAfterwards()
    {
        _room.Dispose();
        _room = new SettleRoom(entries: 1);
        await _room.EnterAsync(CancellationToken.None);
        Setup(1).Throws(new HttpmqException(AckErrors.TimedOut(new Operation(OperationKind.Settle, "s", "c", Sequence: 1))));
        Assert.That(async () => await SettleAsync([Entry(1, Ack), Entry(2, Ack)]), Throws.InstanceOf<HttpmqException>());
        var before = _port.Invocations.Count;

        _room.Leave();
        await _room.EnterAsync(CancellationToken.None);

        Assert.That(_port.Invocations.Count, Is.EqualTo(before), "the other one was waiting for room");
    }

    /// <summary>A consumer with copies answers one of two that are under way together.</summary>
    [Test]
    public async Task Settle_TwoDeliveriesOfOneMessage_AreSentOneAfterTheOther()
    {
        var first = new TaskCompletionSource<Error?>();
        Setup(1, delivery: 1).Returns(new ValueTask<Error?>(first.Task));
        var settling = SettleAsync([Entry(1, Ack), Entry(1, Ack, delivery: 7), Entry(2, Ack)]);
        await Eventually.HoldsAsync(() => _port.Invocations.Count == 3, "the preparation, the first and the last");

        first.SetResult(null);

        Assert.That((await settling).Select(static outcome => outcome.Error), Is.All.Null);
        Assert.That(_port.Invocations.Count, Is.EqualTo(4));
    }

    [Test]
    public async Task Settle_ErrorOfAnotherVerbThanAck_DoesNotSpeakOfAcknowledging()
    {
        Setup(1).ReturnsAsync(AckErrors.TimedOut(new Operation(OperationKind.Acknowledge, "s", "c", Sequence: 1)));

        var nak = (await SettleAsync([Entry(1, new Settlement(SettleVerb.Nak))])).Single();
        var ack = (await SettleAsync([Entry(1, Ack)])).Single();

        var kinds = (nak.Error!.Operation!.Kind, ack.Error!.Operation!.Kind);
        Assert.That(kinds, Is.EqualTo((OperationKind.Settle, OperationKind.Acknowledge)));
    }

    private Moq.Language.Flow.ISetup<IMessageAcknowledger, ValueTask<Error?>> Setup(ulong message, ulong? delivery = null) =>
        _port.Setup(port => port.SettleAsync(
            It.IsAny<StreamName>(),
            It.IsAny<ConsumerName>(),
            new DeliverySequence(message, delivery ?? message),
            It.IsAny<Settlement>(),
            It.IsAny<AckTimeLimit>(),
            It.IsAny<CancellationToken>()));

    private static SettleEntry Entry(ulong message, Settlement settlement, ulong? delivery = null) =>
        new(new AckPair(message, delivery ?? message), settlement);

    private Task<IReadOnlyList<AckOutcome>> SettleAsync(SettleEntry[] entries, Caller? caller = null)
    {
        var handler = new SettleDeliveriesHandler(_port.Object, _room, _time);
        return handler.Handle(new SettleDeliveries(caller ?? Caller.Anonymous, "s", "c", entries), CancellationToken.None);
    }
}
