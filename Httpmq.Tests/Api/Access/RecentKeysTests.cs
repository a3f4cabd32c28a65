using Httpmq.Api.Access;

namespace Httpmq.Tests.Api.Access;

/// <summary>Whatever is kept, a key has its own hash or none.</summary>
internal sealed class RecentKeysTests
{
    private readonly RecentKeys _recent = new();

    [Test]
    public void TryGet_AKeyThatWasKept_HasItsHash()
    {
        Keep("hmq_one");

        Assert.That(_recent.TryGet("hmq_one", out var hash), Is.True);
        Assert.That(hash, Is.EqualTo(KeyHash.Of("hmq_one")));
    }

    [TestCase("hmq_on")]
    [TestCase("hmq_one ")]
    [TestCase("HMQ_one")]
    [TestCase("")]
    public void TryGet_AnotherKey_HasNone(string other)
    {
        Keep("hmq_one");

        Assert.That(_recent.TryGet(other, out _), Is.False);
    }

    [Test]
    public void TryGet_AmongManyMoreThanItKeeps_HasNoOthersHash()
    {
        var keys = Enumerable.Range(0, 5000).Select(static number => $"hmq_{number}").ToArray();
        Array.ForEach(keys, Keep);

        var found = keys.Where(key => _recent.TryGet(key, out _)).ToArray();

        Assert.That(found, Is.Not.Empty);
        Assert.That(found, Has.Length.LessThanOrEqualTo(256));
        foreach (var key in found)
        {
            _recent.TryGet(key, out var hash);
            Assert.That(hash, Is.EqualTo(KeyHash.Of(key)), key);
        }
    }

    private void Keep(string key) => _recent.Keep(key, KeyHash.Of(key));
}
