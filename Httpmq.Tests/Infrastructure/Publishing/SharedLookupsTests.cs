using Httpmq.Infrastructure.Publishing;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.Publishing;

/// <summary>To explain a failure causes none: many that fail at once ask little, and nobody waits long.</summary>
internal sealed class SharedLookupsTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public async Task Ask_ManyForTheSameAtOnce_IsOneRequestAndLaterOnesAskAgain()
    {
        var gate = new TaskCompletionSource<int>();
        var asked = 0;
        var lookups = new SharedLookups<int, int>(_time, TimeSpan.Zero, (_, _) =>
        {
            asked++;
            return gate.Task;
        });

        var first = Enumerable.Range(0, 1000).Select(_ => AskAsync(lookups, 1)).ToArray();
        Assert.That(asked, Is.EqualTo(1));
        gate.SetResult(7);
        Assert.That(await Task.WhenAll(first), Is.All.EqualTo(7));
        Assert.That(await AskAsync(lookups, 1), Is.EqualTo(7));

        Assert.That(asked, Is.EqualTo(2), "an answer of no life is for those who waited for it");
    }

    [Test]
    public async Task Ask_ManyForOtherThings_AreFewAtOnceAndTheRestDoesNotWait()
    {
        var asked = 0;
        var lookups = new SharedLookups<int, int>(_time, TimeSpan.Zero, async (_, cancellationToken) =>
        {
            asked++;
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
            return 0;
        });

        var all = Enumerable.Range(0, 1000).Select(key => AskAsync(lookups, key)).ToArray();
        Assert.That(asked, Is.EqualTo(64));
        _time.Advance(TimeSpan.FromMilliseconds(600));
        Assert.That(await Task.WhenAll(all), Is.All.Null);

        var silent = await AskAsync(lookups, 1000);
        Assert.That((asked, silent), Is.EqualTo((64, (int?)null)), "JetStream answered nothing a moment ago");
    }

    [Test]
    public async Task Ask_AtTheEndOfThePublish_DoesNotAsk()
    {
        var lookups = new SharedLookups<int, int>(_time, TimeSpan.Zero, static (_, _) => throw new InvalidOperationException("asked"));
        var started = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(4.5));

        Assert.That(await lookups.AskAsync(1, started, CancellationToken.None), Is.Null);
    }

    private Task<int?> AskAsync(SharedLookups<int, int> lookups, int key) =>
        lookups.AskAsync(key, _time.GetTimestamp(), CancellationToken.None).AsTask();
}
