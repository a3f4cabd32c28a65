namespace Httpmq.Infrastructure.JetStream.Requests;

/// <summary>
/// Subjects on which a publish timed out: their stream may be stuck or without a majority while others answer. Until one is stored or refused
/// again, a record of a batch is sent now and then, and the others are refused.
/// </summary>
/// <param name="pause">How long no other record is sent, in time stamps of the clock.</param>
internal sealed class SilentSubjects(long pause)
{
    // Whoever publishes to more subjects waits for the time limit with some of them.
    private const int Most = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _nextTry = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>A publish timed out.</summary>
    public void Add(string subject, long now)
    {
        lock (_gate)
        {
            // From the last time-out on: the records behind one that waited must be refused, and not wait as well.
            if (_nextTry.Count < Most || _nextTry.ContainsKey(subject))
            {
                _nextTry[subject] = now + pause;
                Volatile.Write(ref _count, _nextTry.Count);
            }
        }
    }

    /// <summary>A publish was answered.</summary>
    public void Remove(string subject)
    {
        if (Volatile.Read(ref _count) > 0)
        {
            lock (_gate)
            {
                _nextTry.Remove(subject);
                Volatile.Write(ref _count, _nextTry.Count);
            }
        }
    }

    /// <summary>Whether a record may be sent.</summary>
    /// <param name="subject">The record's.</param>
    /// <param name="clock">Asked for a time stamp only where the subject is silent.</param>
    public bool MaySend(string subject, TimeProvider clock)
    {
        if (Volatile.Read(ref _count) == 0)
        {
            return true;
        }

        lock (_gate)
        {
            var now = clock.GetTimestamp();
            if (!_nextTry.TryGetValue(subject, out var next))
            {
                return true;
            }

            if (now < next)
            {
                return false;
            }

            _nextTry[subject] = now + pause;
            return true;
        }
    }

    /// <summary>Forgets those to which nobody has published since, or all.</summary>
    /// <param name="before">Those whose next record was due before this time stamp.</param>
    public void Forget(long before)
    {
        if (Volatile.Read(ref _count) > 0)
        {
            lock (_gate)
            {
                foreach (var (subject, next) in _nextTry)
                {
                    if (next < before)
                    {
                        _nextTry.Remove(subject);
                    }
                }

                Volatile.Write(ref _count, _nextTry.Count);
            }
        }
    }
}
