using System.Globalization;
using Httpmq.Api.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Httpmq.Api.Hosting;

/// <summary>
/// One line of text per event. Paths, headers and errors hold what clients sent: a line end would forge a second event, and an escape
/// sequence would command the terminal that shows it, so control characters are written as <c>\u001b</c>. JSON has the same by its own
/// rules.
/// </summary>
internal sealed class TextLogFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "httpmq";

    /// <summary>The longest message, in characters; an error of somebody else's may have any length.</summary>
    public const int MaxMessage = 16 * 1024;

    private const int MaxException = 64 * 1024;
    private const string Reset = "\u001b[0m";

    private readonly bool _colored = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var (level, color) = Describe(logEntry.LogLevel);
        textWriter.Write(TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        textWriter.Write(_colored ? $"{color}{level}{Reset}" : level);
        textWriter.Write(": ");
        textWriter.Write(logEntry.Category);
        textWriter.Write($"[{logEntry.EventId.Id}] ");
        Write(textWriter, logEntry.Formatter(logEntry.State, logEntry.Exception), MaxMessage);
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(' ');
            Write(textWriter, exception.ToString().ReplaceLineEndings(" "), MaxException);
        }

        textWriter.Write(Environment.NewLine);
    }

    private static void Write(TextWriter writer, ReadOnlySpan<char> text, int limit)
    {
        PlainText.WriteOneLine(writer, text.Length > limit ? text[..limit] : text);
        if (text.Length > limit)
        {
            writer.Write($"... ({text.Length - limit} characters more)");
        }
    }

    private static (string Level, string Color) Describe(LogLevel level) => level switch
    {
        LogLevel.Trace => ("trce", "\u001b[37m"),
        LogLevel.Debug => ("dbug", "\u001b[37m"),
        LogLevel.Information => ("info", "\u001b[32m"),
        LogLevel.Warning => ("warn", "\u001b[33m"),
        LogLevel.Error => ("fail", "\u001b[31m"),
        _ => ("crit", "\u001b[31m"),
    };
}
