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

    [Test]
    public async Task Settle_OneIsStuck_TheOthersAreDoneAndItIsATimeOut()
    {
        var stuck = new TaskCompletionSource<Error?>();
        Setup(1).Returns(new ValueTask<Error?>(stuck.Task));
        var settling = SettleAsync([.. Enumerable.Range(1, 2000).Select(static number => Entry((ulong)number, Ack))]);
        while (!settling.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        var outcomes = await settling;

        Assert.That(outcomes[0].Error?.Kind, Is.EqualTo(ErrorKind.Timeout));
        Assert.That(outcomes.Skip(1).Select(static outcome => outcome.Error), Is.All.Null);
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

    private Task<IReadOnlyList<AckOutcome>> SettleAsync(SettleEntry[] entries)
    {
        var handler = new SettleDeliveriesHandler(_port.Object, _time);
        return handler.Handle(new SettleDeliveries(Caller.Anonymous, "s", "c", entries), CancellationToken.None);
    }
}
