using Httpmq.Infrastructure.EmbeddedNats;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

internal sealed class RestartBackoffTests
{
    [Test]
    public void Next_FailureAfterFailure_DoublesUpToFiveSeconds()
    {
        var backoff = new RestartBackoff(new FakeTimeProvider());

        var delays = Enumerable.Range(0, 8).Select(_ => backoff.Next().TotalMilliseconds);

        Assert.That(delays, Is.EqualTo(new[] { 100, 200, 400, 800, 1600, 3200, 5000, 5000 }));
    }

    [TestCase(29, 400)]
    [TestCase(30, 100)]
    public void Next_AfterARun_StartsAnewOnlyWhenItWasLong(int seconds, int milliseconds)
    {
        var time = new FakeTimeProvider();
        var backoff = new RestartBackoff(time);
        _ = backoff.Next();
        _ = backoff.Next();

        backoff.Started();
        time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.That(backoff.Next(), Is.EqualTo(TimeSpan.FromMilliseconds(milliseconds)));
    }
}
