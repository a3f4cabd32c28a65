using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>One line of nats-server's log, without the process id and time that our own log has already.</summary>
internal readonly partial record struct NatsServerLogLine(LogLevel Level, string Text)
{
    /// <summary>Never fails: a line of another form (a usage message, a Go panic) is a warning, word for word.</summary>
    public static NatsServerLogLine Parse(string line)
    {
        var match = Form.Match(line);
        if (!match.Success)
        {
            return new NatsServerLogLine(LogLevel.Warning, line.Trim());
        }

        var level = match.Groups["level"].ValueSpan switch
        {
            "INF" => LogLevel.Debug,
            "WRN" => LogLevel.Warning,
            "ERR" or "FTL" => LogLevel.Error,
            _ => LogLevel.Trace,
        };
        return new NatsServerLogLine(level, match.Groups["text"].Value.Trim());
    }

    /// <summary>The port that the server took, in the line that says so.</summary>
    public int? ListeningPort =>
        Text.StartsWith("Listening for client connections on ", StringComparison.Ordinal)
        && int.TryParse(Text.AsSpan(Text.LastIndexOf(':') + 1), out var port) ? port : null;

    /// <summary>The port of the monitoring endpoint, in the line that says so.</summary>
    public int? MonitoringPort =>
        Text.StartsWith("Starting http monitor on ", StringComparison.Ordinal)
        && int.TryParse(Text.AsSpan(Text.LastIndexOf(':') + 1), out var port) ? port : null;

    /// <summary>A stream could not be written, and answers no publish from now on (2.14 and newer).</summary>
    public bool SaysStreamStuck => Text.Contains("' critical write error: ", StringComparison.Ordinal);

    public bool SaysReady => string.Equals(Text, "Server is ready", StringComparison.Ordinal);

    public bool SaysRestoring => Text.StartsWith("Starting restore for stream", StringComparison.Ordinal);

    /// <summary>
    /// JetStream gave up (out of space, write errors) or the server is ending. JetStream does not come back by itself.
    /// </summary>
    public bool SaysJetStreamDown => Text.StartsWith("Initiating JetStream Shutdown", StringComparison.Ordinal);

    /// <summary>A publish was refused because the whole store has reached its limit.</summary>
    public bool SaysStoreFull => Text.StartsWith("JetStream resource limits exceeded", StringComparison.Ordinal);

    public bool SaysPortInUse => Text.Contains("address already in use", StringComparison.Ordinal);

    [GeneratedRegex(@"^\[\d+\] (?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)? )?\[(?<level>[A-Z]{3})\](?: (?<text>.*))?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form { get; }
}
