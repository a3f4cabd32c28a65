using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Microsoft.Extensions.Logging.Console;

namespace Httpmq.Api.Hosting;

/// <summary>Logs to stderr, as one line of text or of JSON per event.</summary>
internal static class LoggingSetup
{
    public static void Configure(this ILoggingBuilder logging, LogSettings settings)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(settings.Level);

        // The framework tells at "info" what the access line tells already; its libraries speak up from "warn" on.
        var others = settings.Level < LogLevel.Warning ? LogLevel.Warning : settings.Level;
        logging.AddFilter("Microsoft", others);
        logging.AddFilter("System", others);

        // Where there is an audit log, it is written at any level.
        logging.AddFilter(AuditLog.Category, LogLevel.Information);

        // While somebody listens here, the framework makes an activity for each request.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);

        // A host that cannot start is told in one line, and so is the state of the connection to NATS.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        logging.AddFilter("NATS", settings.Level == LogLevel.Debug ? LogLevel.Information : LogLevel.None);
        if (settings.Json)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            logging.AddConsole(console => console.FormatterName = TextLogFormatter.FormatterName);
            logging.AddConsoleFormatter<TextLogFormatter, ConsoleFormatterOptions>();
        }

        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}

internal static class WarningLog
{
    /// <summary>Logs what the configuration had that means nothing.</summary>
    public static void LogWarnings(this CommandLineResult.Run run)
    {
        using var loggers = LoggerFactory.Create(logging => logging.Configure(run.Settings.Log));
        var logger = loggers.CreateLogger("Httpmq.Configuration");
        foreach (var warning in run.Warnings)
        {
            logger.Configuration(warning);
        }
    }
}
