namespace Httpmq.Application.Subscriptions;

/// <summary>
/// How many messages a subscriber takes before it says more. Whoever hands them over uses it; a source that can choose takes no more than
/// that from the consumer. For any thread.
/// </summary>
/// <param name="count">How many at first; null: any number, until the first that is added.</param>
public sealed class DeliveryCredit(long? count)
{
    /// <summary>The most that may be added at once, and that may add up.</summary>
    public const long Max = 1_000_000;

    private const long Unlimited = -1;

    private long _left = count ?? Unlimited;

    /// <summary>There is more.</summary>
    public event Action? Added;

    /// <summary>How many messages are still taken; null: any number.</summary>
    public long? Left => Volatile.Read(ref _left) is >= 0 and var left ? left : null;

    /// <summary>Whether another message is taken.</summary>
    public bool IsLeft => Volatile.Read(ref _left) != 0;

    /// <summary>Adds to it; the first that is added replaces "any number".</summary>
    /// <param name="more">From 1 to <see cref="Max"/>.</param>
    public void Add(long more)
    {
        long old;
        do
        {
            old = Volatile.Read(ref _left);
        }
        while (Interlocked.CompareExchange(ref _left, Math.Min(Math.Max(old, 0) + more, Max), old) != old);
        Added?.Invoke();
    }

    /// <summary>One message was handed over; called by one reader only, so what it saw is still there.</summary>
    public void Use()
    {
        if (Volatile.Read(ref _left) > 0)
        {
            Interlocked.Decrement(ref _left);
        }
    }
}
