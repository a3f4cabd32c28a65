using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Requests;

/// <summary>
/// Which streams leave publishes unanswered: all of them, when one timed out and none answered meanwhile; else that of the subject, because
/// one may be stuck or without a majority while others answer. Until an answer comes, a record of a batch is sent in each time limit, and
/// the others are refused.
/// </summary>
/// <remarks>
/// Only answers of streams count. JetStream's API and its consumers answer while a stream is stuck.
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="timeout">The time limit of a publish.</param>
/// <param name="checkInterval">How often <see cref="Check"/> is called.</param>
internal sealed class StreamSilence(TimeProvider time, TimeSpan timeout, TimeSpan checkInterval)
{
    // Requests to JetStream itself, and acknowledgements.
    private const string NoStream = JetStreamSubjects.Root;

    // Whoever publishes to more subjects waits for the time limit with some of them.
    private const int MostSubjects = 1024;

    private readonly long _pause = (long)(timeout.TotalSeconds * time.TimestampFrequency);
    private readonly Lock _gate = new();

    // When the next record may be sent: to each silent subject, and to all, where 0 means at any time.
    private readonly Dictionary<string, long> _nextTryOf = new(StringComparer.Ordinal);
    private int _silentSubjects;
    private long _nextTry;
    private long _lastHeard;
    private volatile bool _heard;

    /// <summary>Whether a record of a batch may be sent: its stream answers, or it is time to see whether it does again.</summary>
    public bool MaySend(string subject)
    {
        var next = Volatile.Read(ref _nextTry);
        if (next != 0)
        {
            var now = time.GetTimestamp();
            return now >= next && Interlocked.CompareExchange(ref _nextTry, now + _pause, next) == next;
        }

        return Volatile.Read(ref _silentSubjects) == 0 || MaySendToSilent(subject);
    }

    /// <summary>A request was answered, with where its message is or with why it is nowhere.</summary>
    public void Answered(string subject)
    {
        if (subject.StartsWith(NoStream, StringComparison.Ordinal))
        {
            return;
        }

        _heard = true;
        if (Volatile.Read(ref _nextTry) != 0)
        {
            // None answered, and now one does.
            Clear();
        }
        else if (Volatile.Read(ref _silentSubjects) != 0)
        {
            lock (_gate)
            {
                _nextTryOf.Remove(subject);
                Volatile.Write(ref _silentSubjects, _nextTryOf.Count);
            }
        }
    }

    /// <summary>A request timed out. To be said before its end is: the records behind it must be refused, and not wait as well.</summary>
    public void TimedOut(string subject, long now)
    {
        if (subject.StartsWith(NoStream, StringComparison.Ordinal))
        {
            return;
        }

        lock (_gate)
        {
            if (_nextTryOf.Count < MostSubjects || _nextTryOf.ContainsKey(subject))
            {
                _nextTryOf[subject] = now + _pause;
                Volatile.Write(ref _silentSubjects, _nextTryOf.Count);
            }
        }

        // When one was heard of last is known to within two intervals.
        if (time.GetElapsedTime(Volatile.Read(ref _lastHeard), now) > timeout - (2 * checkInterval))
        {
            Interlocked.CompareExchange(ref _nextTry, now + _pause, 0);
        }
    }

    /// <summary>Called from time to time: an answer costs no look at the clock.</summary>
    public void Check(long now)
    {
        if (_heard)
        {
            _heard = false;
            Volatile.Write(ref _lastHeard, now);
        }

        if (Volatile.Read(ref _silentSubjects) != 0)
        {
            lock (_gate)
            {
                // Nobody has published there for a while.
                foreach (var (subject, next) in _nextTryOf)
                {
                    if (next < now - _pause)
                    {
                        _nextTryOf.Remove(subject);
                    }
                }

                Volatile.Write(ref _silentSubjects, _nextTryOf.Count);
            }
        }
    }

    /// <summary>Forgets everything: another connection tells nothing of what was silent on the one before.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _nextTryOf.Clear();
            Volatile.Write(ref _silentSubjects, 0);
        }

        Volatile.Write(ref _nextTry, 0);
    }

    private bool MaySendToSilent(string subject)
    {
        lock (_gate)
        {
            if (!_nextTryOf.TryGetValue(subject, out var next))
            {
                return true;
            }

            var now = time.GetTimestamp();
            if (now < next)
            {
                return false;
            }

            _nextTryOf[subject] = now + _pause;
            return true;
        }
    }
}
