namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>How long to wait before the next start: 100 ms, doubled up to 5 s, back to 100 ms after a run of 30 s.</summary>
internal sealed class RestartBackoff(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(30);

    private TimeSpan _next = First;
    private long? _startedAt;

    /// <summary>The server is ready: its run counts from now.</summary>
    public void Started() => _startedAt = time.GetTimestamp();

    /// <summary>The server failed, or could not be started: the time to wait.</summary>
    public TimeSpan Next()
    {
        if (_startedAt is { } start && time.GetElapsedTime(start) >= GoodRun)
        {
            _next = First;
        }

        _startedAt = null;
        var delay = _next;
        _next = delay * 2 < Longest ? delay * 2 : Longest;
        return delay;
    }
}
