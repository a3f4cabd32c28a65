using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.Connection;

/// <summary>What this layer logs about NATS: ids 2000 to 2099. Never a payload.</summary>
internal static partial class JetStreamLog
{
    [LoggerMessage(2000, LogLevel.Information, "{Connection} is connected to nats-server {Version} at {Address}")]
    public static partial void Connected(this ILogger logger, string connection, string version, string address);

    [LoggerMessage(2001, LogLevel.Warning, "{Connection} lost its connection to NATS ({Reason}); trying again")]
    public static partial void Disconnected(this ILogger logger, string connection, string reason);

    [LoggerMessage(EventId = 2002,
        Message = "Attempt {Attempt} of {Connection} to connect to NATS failed ({Reason}); next in {WaitSeconds} s, or when it is back")]
    public static partial void ConnectFailed(
        this ILogger logger, LogLevel level, string connection, int attempt, string reason, double waitSeconds);

    [LoggerMessage(2003, LogLevel.Critical, "Gave up after {Attempts} failed attempts to connect to NATS ({Setting} is {Limit})")]
    public static partial void GaveUp(this ILogger logger, int attempts, string setting, int limit);

    [LoggerMessage(2010, LogLevel.Warning, "Subscriber of {Stream}/{Consumer} is too slow: {Bytes} bytes wait for it")]
    public static partial void SubscriberTooSlow(this ILogger logger, string stream, string consumer, long bytes);

    [LoggerMessage(2011, LogLevel.Information, "Subscription to {Stream}/{Consumer} ends: {Reason}")]
    public static partial void SourceEnds(this ILogger logger, string stream, string consumer, string reason);

    [LoggerMessage(2012, LogLevel.Debug, "Could not check {Stream}/{Consumer} after a reconnect yet: {Reason}")]
    public static partial void CheckPostponed(this ILogger logger, string stream, string consumer, string reason);

    [LoggerMessage(2040, LogLevel.Debug, "The lock of {Key} was not released and will expire: {Reason}")]
    public static partial void LockNotReleased(this ILogger logger, string key, string reason);

    [LoggerMessage(2041, LogLevel.Warning, "Stream {Stream}, which locks definitions, cannot be used ({Reason}): simultaneous changes of "
        + "one definition by two gateways can undo each other")]
    public static partial void NoLocks(this ILogger logger, string stream, string reason);

    [LoggerMessage(2013, LogLevel.Debug, "Background send to NATS failed: {Reason}")]
    public static partial void SendFailed(this ILogger logger, string reason);

    [LoggerMessage(2014, LogLevel.Warning, "An answer of JetStream could not be processed")]
    public static partial void ReplyUnreadable(this ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2015, Message = "The subscription for JetStream's answers ended or received none; it was renewed")]
    public static partial void RepliesRenewed(this ILogger logger, LogLevel level);

    [LoggerMessage(2016, LogLevel.Warning, "A JetStream advisory on {Subject} could not be processed")]
    public static partial void AdvisoryUnreadable(this ILogger logger, Exception exception, string subject);

    [LoggerMessage(2017, LogLevel.Warning, "The subscription to {Subject} ended; it was renewed")]
    public static partial void AdvisoriesRenewed(this ILogger logger, string subject);

    [LoggerMessage(2018, LogLevel.Warning, "nats-server at {Address} is about to stop (lame duck mode); {Connection} {Reaction}")]
    public static partial void LameDuck(this ILogger logger, string connection, string address, string reaction);

    [LoggerMessage(2019, LogLevel.Debug, "Could not check subscriptions without messages: {Reason}")]
    public static partial void SilenceNotChecked(this ILogger logger, string reason);

    [LoggerMessage(EventId = 2022, Message = "The state of streams and consumers, for metrics, could not be gathered: {Reason}")]
    public static partial void NoLag(this ILogger logger, LogLevel level, string reason);

    [LoggerMessage(2020, LogLevel.Warning, "nats-server told {Connection} an error: {Error}")]
    public static partial void ServerSaid(this ILogger logger, string connection, string error);

    [LoggerMessage(2021, LogLevel.Warning,
        "nats-server does not permit the NATS user of {Connection} to subscribe to {Subject} (permissions violation)")]
    public static partial void SubscriptionRefused(this ILogger logger, string connection, string subject);
}
