namespace Httpmq.Api.Hosting.Transport;

/// <summary>What a client does wrong before it said anything is its own affair, hence Debug; only a full house is a warning.</summary>
internal sealed partial class DualProtocolListener
{
    [LoggerMessage(1901, LogLevel.Debug, "Connection {ConnectionId} was closed by the client before it sent its first bytes")]
    private partial void LogClosedByClient(string connectionId);

    [LoggerMessage(1902, LogLevel.Debug, "Connection {ConnectionId} did not send its first bytes within {Timeout} and was closed")]
    private partial void LogPeekTimedOut(string connectionId, TimeSpan timeout);

    [LoggerMessage(
        1903, LogLevel.Warning, "Connection {ConnectionId} was closed: {Limit} connections are waiting for their first bytes already")]
    private partial void LogTooManyPeeking(string connectionId, int limit);

    [LoggerMessage(1904, LogLevel.Error, "Detecting the protocol of connection {ConnectionId} failed; the connection was closed")]
    private partial void LogPeekFailed(Exception exception, string connectionId);
}
