using System.Threading.Tasks.Sources;

namespace Httpmq.Infrastructure.Requests;

/// <summary>
/// Where one request waits, and then its reply until somebody takes it. Slots are reused; a token names one use, and only the holder of
/// the current token ends it, so the answer, the time limit and a lost connection may race.
/// </summary>
/// <param name="index">Its place in the table.</param>
/// <param name="ended">Called when the request ends, before anybody learns of it: it does not wait for JetStream any longer.</param>
/// <param name="free">Called when the reply was taken.</param>
internal sealed class RequestSlot(int index, Action<RequestSlot> ended, Action<RequestSlot> free) : IValueTaskSource<Reply>
{
    // Asynchronous, so that the connection's reader never runs the code that waited.
    private ManualResetValueTaskSourceCore<Reply> _core = new() { RunContinuationsAsynchronously = true };
    private long _token;
    private long _started;
    private string? _subject;

    public int Index => index;

    /// <summary>Whether the request is a batch's; set before <see cref="Start"/>.</summary>
    public bool InBatch { get; set; }

    /// <summary>The current use; 0 while nobody waits.</summary>
    public long Token => Volatile.Read(ref _token);

    public PendingReply Start(string subject, long token, long timestamp)
    {
        _core.Reset();
        Volatile.Write(ref _subject, subject);
        Volatile.Write(ref _started, timestamp);
        Volatile.Write(ref _token, token);
        return new PendingReply(this, _core.Version, timestamp);
    }

    public bool IsOverdue(long now, TimeSpan limit, TimeProvider time, out long token)
    {
        // The token is read first: when the slot is reused in between, the old token ends nothing.
        token = Token;
        return token != 0 && time.GetElapsedTime(Volatile.Read(ref _started), now) >= limit;
    }

    /// <summary>Where the request of this token went; null when it has ended.</summary>
    public string? SubjectOf(long token)
    {
        var subject = Volatile.Read(ref _subject);
        return Token == token ? subject : null;
    }

    /// <summary>Whether its message was one that nats-server refused: by subject, and when.</summary>
    public bool IsRefused(IReadOnlyDictionary<string, long> refusals, out long token)
    {
        token = Token;
        return token != 0 && Volatile.Read(ref _subject) is { } subject && refusals.TryGetValue(subject, out var at)
            && Volatile.Read(ref _started) <= at;
    }

    public void TryEnd(long token, in Reply reply)
    {
        if (token != 0 && Interlocked.CompareExchange(ref _token, 0, token) == token)
        {
            Volatile.Write(ref _subject, null);
            ended(this);
            _core.SetResult(reply);
        }
    }

    /// <summary>Hands the reply to the one who waited; the slot is free from then on.</summary>
    Reply IValueTaskSource<Reply>.GetResult(short token)
    {
        var reply = _core.GetResult(token);
        free(this);
        return reply;
    }

    ValueTaskSourceStatus IValueTaskSource<Reply>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<Reply>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
