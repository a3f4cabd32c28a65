using System.Collections.Concurrent;

namespace Httpmq.Infrastructure.Ledger;

/// <summary>
/// What this process knows for certain about consumers: up to where each has been sent messages, and by which rules its deliveries are
/// acknowledged. It is a cache in front of CONSUMER.INFO and may forget at any time; nothing is decided by what is missing in it.
/// </summary>
internal sealed class ConsumerLedger(TimeProvider time)
{
    /// <summary>The most consumers that it remembers; those that were not used for long make room. Each takes 1 to 17 KB.</summary>
    public const int Capacity = 4096;

    private readonly ConcurrentDictionary<(string Stream, string Consumer), ConsumerEntry> _entries = new();
    private readonly Lock _sweeping = new();
    private int _count;
    private int _opened;
    private long _doubted;

    /// <summary>How many consumers it remembers.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>What is known about a consumer, or null.</summary>
    public ConsumerEntry? Find(string stream, string consumer)
    {
        if (!_entries.TryGetValue((stream, consumer), out var entry))
        {
            return null;
        }

        entry.Use();
        return entry;
    }

    /// <summary>The entry of a consumer that exists; names that clients merely mention must not get one.</summary>
    public ConsumerEntry Get(string stream, string consumer)
    {
        while (true)
        {
            if (Find(stream, consumer) is { } known)
            {
                return known;
            }

            var entry = new ConsumerEntry(time, Volatile.Read(ref _doubted));
            if (_entries.TryAdd((stream, consumer), entry))
            {
                if (Interlocked.Increment(ref _count) > Capacity)
                {
                    MakeRoom();
                }

                return entry;
            }
        }
    }

    /// <summary>Forgets one consumer, or all of a stream: what was known belongs to something that is gone.</summary>
    public void Forget(string stream, string? consumer)
    {
        foreach (var (key, entry) in Select(stream, consumer))
        {
            entry.Reset();
            Remove(key);
        }
    }

    /// <summary>
    /// Asks again about one consumer, or all of a stream. The entries stay, because open subscriptions go on feeding theirs.
    /// </summary>
    public void Reset(string stream, string? consumer)
    {
        foreach (var (_, entry) in Select(stream, consumer))
        {
            entry.Reset();
        }
    }

    /// <summary>Asks again about a consumer that has another leader: its own mark may have fallen back.</summary>
    public void Elected(string stream, string consumer)
    {
        foreach (var (_, entry) in Select(stream, consumer))
        {
            entry.Elected();
        }
    }

    /// <summary>Asks again about a consumer that was set to another position: it gives its sequences twice.</summary>
    public void SetBack(string stream, string consumer)
    {
        foreach (var (_, entry) in Select(stream, consumer))
        {
            entry.SetBack();
        }
    }

    /// <summary>Doubts everything, also what is not known yet, after a time without news.</summary>
    public void Doubt()
    {
        Volatile.Write(ref _doubted, time.GetTimestamp());
        foreach (var entry in _entries.Values)
        {
            entry.Doubt(time.GetTimestamp());
        }
    }

    /// <summary>News come, from the first connection or from another; before the first one there was nothing to miss.</summary>
    public void Open()
    {
        if (Interlocked.Exchange(ref _opened, 1) == 1)
        {
            Doubt();
        }
    }

    private IEnumerable<KeyValuePair<(string Stream, string Consumer), ConsumerEntry>> Select(string stream, string? consumer)
    {
        if (consumer is not null)
        {
            return _entries.TryGetValue((stream, consumer), out var entry) ? [new((stream, consumer), entry)] : [];
        }

        return _entries.Where(entry => string.Equals(entry.Key.Stream, stream, StringComparison.Ordinal));
    }

    private void Remove((string Stream, string Consumer) key)
    {
        if (_entries.TryRemove(key, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>Forgets an eighth: first of what was not used since the last time.</summary>
    private void MakeRoom()
    {
        lock (_sweeping)
        {
            for (var round = 0; round < 2; round++)
            {
                foreach (var (key, entry) in _entries)
                {
                    if (Count <= Capacity - (Capacity / 8))
                    {
                        return;
                    }

                    if (!entry.TakeUse())
                    {
                        Remove(key);
                    }
                }
            }
        }
    }
}
