using System.Collections.Concurrent;
using System.Threading.RateLimiting;

namespace Httpmq.Api.RateLimits;

/// <summary>
/// The permits of each key. It holds no more than <see cref="MostKeys"/>, in two generations: what was not asked for during a whole one is
/// forgotten. As a rule it has all of its permits again by then; only where more keys come than fit, some begin anew too early.
/// </summary>
/// <param name="rateOf">The rate of a key, which stays the same; null: it is not limited.</param>
/// <param name="slowest">The longest time in which a key gets all of its permits back.</param>
/// <param name="time">The clock.</param>
internal sealed class RateTable<TKey>(Func<TKey, Rate?> rateOf, TimeSpan slowest, TimeProvider time)
    where TKey : notnull
{
    /// <summary>Of about 400 bytes each.</summary>
    public const int MostKeys = 50_000;

    // The buckets of the library are filled up in whole periods of so many permits.
    private const int PeriodsPerSecond = 1000;

    private static readonly TimeSpan ShortestGeneration = TimeSpan.FromMinutes(1);

    private readonly TimeSpan _generation = slowest > ShortestGeneration ? slowest : ShortestGeneration;
    private readonly Lock _adding = new();
    private volatile ConcurrentDictionary<TKey, TokenBucketRateLimiter> _young = new();
    private ConcurrentDictionary<TKey, TokenBucketRateLimiter> _old = new();
    private int _count;
    private long _since = time.GetTimestamp();

    /// <summary>How many keys it holds.</summary>
    public int Count
    {
        get
        {
            lock (_adding)
            {
                return _count + _old.Count;
            }
        }
    }

    /// <summary>Takes permits, all of these or none. Null where there were enough; else how long until there may be.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="count">How many; no more than the key may ever have are needed.</param>
    public TimeSpan? TryTake(TKey key, int count)
    {
        if (rateOf(key) is not { } rate)
        {
            return null;
        }

        var bucket = BucketOf(key, rate);
        bucket.TryReplenish();
        using var lease = bucket.AttemptAcquire(Math.Min(count, rate.Burst));
        return lease.IsAcquired ? null : WaitOf(lease);
    }

    /// <summary>Takes as many of these permits as there are.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="wait">How long until there may be another; zero where there were enough.</param>
    /// <returns>How many were taken.</returns>
    public int TakeSome(TKey key, int count, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (rateOf(key) is not { } rate)
        {
            return count;
        }

        var bucket = BucketOf(key, rate);
        bucket.TryReplenish();
        if (count <= rate.Burst)
        {
            using var all = bucket.AttemptAcquire(count);
            if (all.IsAcquired)
            {
                return count;
            }
        }

        for (var taken = 0; taken < count; taken++)
        {
            using var lease = bucket.AttemptAcquire();
            if (!lease.IsAcquired)
            {
                wait = WaitOf(lease);
                return taken;
            }
        }

        return count;
    }

    /// <summary>Whether the key has no permit left: how long until there may be one. Nothing is taken, and no key is added.</summary>
    public TimeSpan? FindWait(TKey key)
    {
        if (!_young.TryGetValue(key, out var bucket) && !Volatile.Read(ref _old).TryGetValue(key, out bucket))
        {
            return null;
        }

        // To take none of its permits succeeds also where there is less than one.
        bucket.TryReplenish();
        return bucket.GetStatistics() is { CurrentAvailablePermits: > 0 } ? null : WaitFor(key);
    }

    /// <summary>How many permits the key has now. Nothing is taken.</summary>
    public int CountOf(TKey key)
    {
        if (rateOf(key) is not { } rate)
        {
            return int.MaxValue;
        }

        var bucket = BucketOf(key, rate);
        bucket.TryReplenish();
        return (int)Math.Min(int.MaxValue, bucket.GetStatistics()?.CurrentAvailablePermits ?? 0);
    }

    /// <summary>How long until the key may have one permit more.</summary>
    public TimeSpan WaitFor(TKey key) => rateOf(key) is { } rate ? TimeSpan.FromSeconds(1 / rate.PerSecond) : TimeSpan.Zero;

    /// <summary>How long until the key may have so many permits, no more than its burst; null: they are there.</summary>
    public TimeSpan? FindWait(TKey key, int count) =>
        rateOf(key) is { } rate && Math.Min(count, rate.Burst) - CountOf(key) is > 0 and var missing
            ? TimeSpan.FromSeconds(missing / rate.PerSecond)
            : null;

    private static TimeSpan WaitOf(RateLimitLease lease) =>
        lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1);

    private TokenBucketRateLimiter BucketOf(TKey key, Rate rate) =>
        _young.TryGetValue(key, out var bucket) ? bucket : AddOrMove(key, rate);

    private TokenBucketRateLimiter AddOrMove(TKey key, Rate rate)
    {
        lock (_adding)
        {
            if (_young.TryGetValue(key, out var bucket))
            {
                return bucket;
            }

            if (_count >= MostKeys / 2 || time.GetElapsedTime(_since) > _generation)
            {
                Volatile.Write(ref _old, _young);
                _young = new ConcurrentDictionary<TKey, TokenBucketRateLimiter>();
                _count = 0;
                _since = time.GetTimestamp();
            }

            bucket = _old.TryGetValue(key, out var known) ? known : Create(rate);
            _young[key] = bucket;
            _count++;
            return bucket;
        }
    }

    // Without a timer of its own: it is filled up when it is asked.
    private static TokenBucketRateLimiter Create(Rate rate)
    {
        var permits = Math.Max(1, (int)(rate.PerSecond / PeriodsPerSecond));
        return new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = rate.Burst,
            TokensPerPeriod = permits,
            ReplenishmentPeriod = TimeSpan.FromSeconds(permits / rate.PerSecond),
            AutoReplenishment = false,
            QueueLimit = 0,
        });
    }
}
