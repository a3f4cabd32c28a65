using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Definitions;

namespace Httpmq.Tests.Infrastructure.Definitions;

/// <summary>One at a time per key, and nothing is left behind.</summary>
internal sealed class KeyedLocksTests
{
    private static readonly Operation Changing = new(OperationKind.ChangeLimits, "s");

    private readonly KeyedLocks _locks = new();

    [Test]
    public async Task Take_SameKey_WaitsAndOtherKeysDoNot()
    {
        var first = await _locks.TakeAsync(Changing, "a", default);
        var second = _locks.TakeAsync(Changing, "a", default);
        (await _locks.TakeAsync(Changing, "b", default)).Dispose();
        Assert.That(second.IsCompleted, Is.False);
        first.Dispose();
        (await second).Dispose();
        Assert.That(_locks.Count, Is.Zero);
    }

    [Test]
    public async Task Take_GivenUp_LeavesNothingBehind()
    {
        using var timeLimit = new CancellationTokenSource();
        var first = await _locks.TakeAsync(Changing, "a", default);
        var second = _locks.TakeAsync(Changing, "a", timeLimit.Token);
        await timeLimit.CancelAsync();
        Assert.That(async () => await second, Throws.InstanceOf<OperationCanceledException>());
        first.Dispose();
        Assert.That(_locks.Count, Is.Zero);
    }

    [Test]
    public async Task Take_BehindTooMany_IsRefused()
    {
        var first = await _locks.TakeAsync(Changing, "a", default);
        var waiting = Enumerable.Range(0, KeyedLocks.MostWaiting).Select(_ => _locks.TakeAsync(Changing, "a", default)).ToArray();
        var refused = Assert.ThrowsAsync<HttpmqException>(() => _locks.TakeAsync(Changing, "a", default))!;
        first.Dispose();
        foreach (var turn in waiting)
        {
            (await turn).Dispose();
        }

        Assert.That(refused.Error.Kind, Is.EqualTo(ErrorKind.TooMany));
        Assert.That(_locks.Count, Is.Zero);
    }
}
