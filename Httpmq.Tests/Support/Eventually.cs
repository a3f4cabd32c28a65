using System.Diagnostics;

namespace Httpmq.Tests.Support;

/// <summary>Waits for a condition, and fails with what was last seen when it does not come.</summary>
internal static class Eventually
{
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(15);

    /// <summary>Polls until the condition holds.</summary>
    public static Task HoldsAsync(Func<bool> condition, string what, TimeSpan? timeLimit = null) =>
        HoldsAsync(() => Task.FromResult(condition()), what, timeLimit);

    /// <inheritdoc cref="HoldsAsync(Func{bool}, string, TimeSpan?)"/>
    public static Task HoldsAsync(Func<Task<bool>> condition, string what, TimeSpan? timeLimit = null) =>
        HoldsAsync(condition, () => what, timeLimit);

    /// <inheritdoc cref="HoldsAsync(Func{bool}, string, TimeSpan?)"/>
    /// <param name="condition">What is waited for.</param>
    /// <param name="what">Says what it is, and what was seen instead.</param>
    /// <param name="timeLimit">How long.</param>
    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? timeLimit = null)
    {
        var start = Stopwatch.GetTimestamp();
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(timeLimit ?? TimeLimit), $"never seen: {what()}");
            await poll.WaitForNextTickAsync();
        }
    }
}
