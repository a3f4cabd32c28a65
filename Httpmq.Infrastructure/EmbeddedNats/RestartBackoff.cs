namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// How long to wait before the next start: <paramref name="first"/>, doubled up to <paramref name="longest"/>, back to the first after
/// a run of <paramref name="goodRun"/>.
/// </summary>
internal sealed class RestartBackoff(TimeProvider time, TimeSpan first, TimeSpan longest, TimeSpan goodRun)
{
    private TimeSpan? _next;
    private long? _startedAt;

    /// <summary>100 ms, doubled up to 5 s, back to 100 ms after a run of 30 s.</summary>
    public RestartBackoff(TimeProvider time)
        : this(time, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30))
    {
    }

    /// <summary>The server is ready: its run counts from now.</summary>
    public void Started() => _startedAt = time.GetTimestamp();

    /// <summary>The server failed, or could not be started: the time to wait.</summary>
    public TimeSpan Next()
    {
        if (_startedAt is { } start && time.GetElapsedTime(start) >= goodRun)
        {
            _next = null;
        }

        _startedAt = null;
        var delay = _next ?? first;
        _next = delay * 2 < longest ? delay * 2 : longest;
        return delay;
    }
}
