using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>Event ids 2900 to 2949 of the infrastructure layer.</summary>
internal static partial class EmbeddedNatsLog
{
    [LoggerMessage(
        2900, LogLevel.Information, "nats-server {Version} (process {ProcessId}) is ready at {ServerUri}, store in {DataFolder}")]
    public static partial void Ready(ILogger logger, string version, int processId, string serverUri, string dataFolder);

    [LoggerMessage(2901, LogLevel.Information, "nats-server is still restoring its streams")]
    public static partial void StillRestoring(ILogger logger);

    [LoggerMessage(2902, LogLevel.Error, "{Failure} Restarting in {Delay} ms")]
    public static partial void Failed(ILogger logger, string failure, double delay);

    [LoggerMessage(2903, LogLevel.Information, "nats-server has stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(2904, LogLevel.Warning, "nats-server did not exit within {Seconds} s of SIGTERM and was killed")]
    public static partial void Killed(ILogger logger, double seconds);

    [LoggerMessage(2905, LogLevel.Warning, "nats-server's JetStream did not answer ({Failures} in a row)")]
    public static partial void NoAnswer(ILogger logger, int failures);

    [LoggerMessage(2906, LogLevel.Error, "The supervision of nats-server failed; it continues in {Delay} ms")]
    public static partial void SupervisionFailed(ILogger logger, Exception failure, double delay);

    [LoggerMessage(2908, LogLevel.Error,
        "{Problem}. Nothing can be published until it can be written again; nats-server goes on, and is started anew then")]
    public static partial void StoreUnwritable(ILogger logger, string problem);

    [LoggerMessage(2910, LogLevel.Error, "In nats-server, {Problem}. It is restarted once there is room for its messages")]
    public static partial void StreamStuck(ILogger logger, string problem);

    [LoggerMessage(2911, LogLevel.Warning, "{Warning}")]
    public static partial void OlderServer(ILogger logger, string warning);

    [LoggerMessage(2912, LogLevel.Warning, "{Privacy}")]
    public static partial void Privacy(ILogger logger, string privacy);

    [LoggerMessage(2913, LogLevel.Warning, "The key of the embedded nats-server, for the nats command, is not there: {Problem}")]
    public static partial void KeyNotWritten(ILogger logger, string problem);

    [LoggerMessage(2909, LogLevel.Error, "{Damage}")]
    public static partial void Damage(ILogger logger, string damage);

    [LoggerMessage(EventId = 2907, Message = "{Line}")]
    public static partial void ServerLine(ILogger logger, LogLevel level, string line);
}
