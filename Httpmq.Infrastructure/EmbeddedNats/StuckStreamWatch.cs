using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// Notices streams that answer no publish any more after a write error, and when a restart helps them: at once the first time, unless
/// the disk is still full, and ever later when it did not help.
/// </summary>
internal sealed class StuckStreamWatch(
    NatsServerProcess process, DataFolder folder, string monitoringPath, RestartBackoff backoff, ILogger log, TimeProvider time)
{
    // The log says it at once; this is for a line that was missed. nats-server looks at every stream and consumer to answer.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    // Of nats-server's default max_payload, 1 MiB: with less, the next messages would bring the same error.
    private const long Room = 4 * 1024 * 1024;

    private StuckStreams? _health;
    private long _askedAt = time.GetTimestamp();
    private long? _since;
    private TimeSpan _wait;
    private volatile string? _told;
    private volatile string? _forgotten;

    /// <summary>One clause that names a stream and the cause, or null. Known as soon as nats-server has written it into its log.</summary>
    public string? Problem =>
        _told ?? (process.StuckStream is { } line && !ReferenceEquals(line, _forgotten) ? StuckStreams.Describe(line) : null);

    /// <summary>To be called every second. Returns why to start the server anew, or null.</summary>
    public async Task<NatsServerFailure?> CheckAsync(bool isWritable, CancellationToken cancellationToken)
    {
        if (process.MonitoringPort != 0 && (Problem is not null || time.GetElapsedTime(_askedAt) >= Interval))
        {
            await AskAsync(cancellationToken);
        }

        if (Problem is not { } problem)
        {
            _since = null;
            return null;
        }

        if (_since is null)
        {
            _since = time.GetTimestamp();
            _wait = backoff.Next();
            EmbeddedNatsLog.StreamStuck(log, problem);
        }

        return isWritable && folder.FreeSpace >= Room && time.GetElapsedTime(_since.Value) >= _wait
            ? new NatsServerFailure($"In nats-server, {problem}.", Answers: true)
            : null;
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        // Before the request: a line that comes while it is answered is news.
        var line = process.StuckStream;
        _health ??= new StuckStreams(process.MonitoringPort, monitoringPath);
        _askedAt = time.GetTimestamp();
        if (await _health.AskAsync(cancellationToken) is not { } told)
        {
            // No answer: what the log said counts.
            return;
        }

        _told = told.Length > 0 ? told : null;
        if (_told is null)
        {
            // Deleted by a client, for example.
            _forgotten = line;
        }
    }
}
