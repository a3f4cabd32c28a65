namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// Which lines of nats-server were shown a moment ago: it writes one for every message that it cannot store, and a disk may
/// be full because of logs.
/// </summary>
internal sealed class RepeatedLines(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    // As many different lines as matter; more would be no repetition, but a flood of another kind.
    private const int Kept = 64;

    private readonly Dictionary<string, long> _shown = new(StringComparer.Ordinal);

    /// <summary>False for a line that was shown within the last 10 s.</summary>
    public bool IsNew(NatsServerLogLine line)
    {
        var now = time.GetTimestamp();
        if (_shown.TryGetValue(line.Text, out var before) && time.GetElapsedTime(before, now) < Pause)
        {
            return false;
        }

        if (_shown.Count >= Kept)
        {
            _shown.Clear();
        }

        _shown[line.Text] = now;
        return true;
    }
}
