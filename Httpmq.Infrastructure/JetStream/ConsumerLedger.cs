using System.Collections.Concurrent;

namespace Httpmq.Infrastructure.JetStream;

/// <summary>
/// What this process knows for certain about consumers: up to which stream sequence each has been sent messages. It is a
/// cache in front of CONSUMER.INFO and may forget at any time; nothing is decided by what is missing in it.
/// </summary>
internal sealed class ConsumerLedger(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Stream, string Consumer), ConsumerEntry> _entries = new();

    public ConsumerEntry Get(string stream, string consumer) =>
        _entries.GetOrAdd((stream, consumer), static _ => new ConsumerEntry());

    /// <summary>Forgets one consumer, or all of a stream: what was known belongs to something that is gone.</summary>
    public void Forget(string stream, string? consumer)
    {
        foreach (var (key, entry) in Select(stream, consumer))
        {
            entry.Reset();
            _entries.TryRemove(key, out _);
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

    /// <summary>Asks again about a consumer whose own mark may have fallen back.</summary>
    public void Doubt(string stream, string consumer)
    {
        foreach (var (_, entry) in Select(stream, consumer))
        {
            entry.Doubt(time.GetTimestamp());
        }
    }

    /// <summary>Doubts everything, after a time without news.</summary>
    public void Doubt()
    {
        foreach (var entry in _entries.Values)
        {
            entry.Doubt(time.GetTimestamp());
        }
    }

    private IEnumerable<KeyValuePair<(string Stream, string Consumer), ConsumerEntry>> Select(string stream, string? consumer) =>
        _entries.Where(entry => string.Equals(entry.Key.Stream, stream, StringComparison.Ordinal)
            && (consumer is null || string.Equals(entry.Key.Consumer, consumer, StringComparison.Ordinal)));
}

/// <summary>One consumer's high-water mark.</summary>
internal sealed class ConsumerEntry
{
    // A leader that takes over sends again what it does not know of: at once, or when the acknowledgement is overdue.
    private static readonly TimeSpan DoubtLength = TimeSpan.FromSeconds(15);

    private ulong _delivered;
    private long _doubted;
    private volatile bool _trusted;

    /// <summary>
    /// Whether the mark alone decides about an acknowledgement: the consumer acknowledges explicitly, and neither its stream
    /// nor the server can be harmed by one that is wrong.
    /// </summary>
    public bool Trusted
    {
        get => _trusted;
        set => _trusted = value;
    }

    /// <summary>The highest stream sequence that the consumer was sent, as far as is known here.</summary>
    public ulong Delivered => Volatile.Read(ref _delivered);

    public void Raise(ulong streamSequence)
    {
        var seen = Volatile.Read(ref _delivered);
        while (streamSequence > seen)
        {
            var current = Interlocked.CompareExchange(ref _delivered, streamSequence, seen);
            if (current == seen)
            {
                return;
            }

            seen = current;
        }
    }

    /// <summary>Forgets the mark, because the server may have lost it too: to another leader, or in a restart.</summary>
    public void Doubt(long timestamp)
    {
        Reset();
        Volatile.Write(ref _doubted, timestamp);
    }

    /// <summary>Whether the consumer's own mark may still be too low.</summary>
    public bool IsInDoubt(TimeProvider time) =>
        Volatile.Read(ref _doubted) is not 0 and var doubted && time.GetElapsedTime(doubted) < DoubtLength;

    public void Reset()
    {
        Trusted = false;
        Volatile.Write(ref _delivered, 0);
    }
}
