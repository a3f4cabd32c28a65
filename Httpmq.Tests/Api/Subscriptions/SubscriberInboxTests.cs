using Httpmq.Api.Subscriptions;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Messages;
using Moq;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>What a client that settles and does not read its answers may hold.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SubscriberInboxTests : IDisposable
{
    private static readonly byte[] Answer = "{}"u8.ToArray();

    private readonly SubscriberInbox _inbox = new(Mock.Of<IDeliverySource>(), new DeliveryCredit(null));
    private readonly Counted _memory = new();

    public void Dispose() => _inbox.Dispose();

    [Test]
    public async Task Start_TheLargest_HoldsUpTheNextUntilItsAnswerIsTaken()
    {
        await StartAsync(SubscriberInbox.MaxAnswers, _memory);
        var next = StartAsync(places: 1, memory: null);
        Assert.That((next.IsCompleted, _memory.Disposed), Is.EqualTo((false, 0)));

        Assert.That(_inbox.TryTakeAnswer(out _), Is.True);

        await next;
        Assert.That(_memory.Disposed, Is.EqualTo(1));
        Assert.That(_inbox.TryTakeAnswer(out _), Is.True);
    }

    [Test]
    public async Task Dispose_WithAnswersThatNobodyTook_GivesTheirMemoryBack()
    {
        var late = new TaskCompletionSource<byte[]>();
        await StartAsync(places: 1, _memory);
        await _inbox.StartAsync(() => late.Task, 1, _memory, CancellationToken.None);

        _inbox.Dispose();
        Assert.That(_memory.Disposed, Is.EqualTo(1));
        late.SetResult(Answer);

        await _inbox.WhenAnsweredAsync();
        Assert.That(_memory.Disposed, Is.EqualTo(2));
    }

    [Test]
    public async Task Start_ClientGoesWhileItWaits_GivesTheMemoryBack()
    {
        using var gone = new CancellationTokenSource();
        await StartAsync(places: 1, memory: null);
        var waiting = _inbox.StartAsync(static () => Task.FromResult(Answer), SubscriberInbox.MaxAnswers, _memory, gone.Token);

        await gone.CancelAsync();

        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_memory.Disposed, Is.EqualTo(1));
    }

    private Task StartAsync(int places, IDisposable? memory) =>
        _inbox.StartAsync(static () => Task.FromResult(Answer), places, memory, CancellationToken.None);

    private sealed class Counted : IDisposable
    {
        public int Disposed { get; private set; }

        public void Dispose() => Disposed++;
    }
}
