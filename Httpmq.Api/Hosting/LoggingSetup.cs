using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Httpmq.Api.Hosting;

/// <summary>Logs to stderr, as one line of text or of JSON per event.</summary>
internal static class LoggingSetup
{
    public static void Configure(this ILoggingBuilder logging, ProcessLog log)
    {
        logging.ClearProviders();
        logging.Services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(log);
        logging.Services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(log);
        if (log.Json)
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
        using var loggers = LoggerFactory.Create(logging => logging.Configure(new ProcessLog(run.Settings.Log)));
        var logger = loggers.CreateLogger("Httpmq.Configuration");
        foreach (var warning in run.Warnings)
        {
            logger.Configuration(warning);
        }
    }
}
