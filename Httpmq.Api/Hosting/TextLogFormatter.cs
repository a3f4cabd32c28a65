using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Httpmq.Api.Hosting;

/// <summary>
/// One line of text per event. Paths, headers and errors hold what clients sent: a line end would forge a second event, and an escape
/// sequence would command the terminal that shows it, so control characters are written as <c>\u001b</c>.
/// </summary>
internal sealed class TextLogFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "httpmq";

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
        WriteEscaped(textWriter, logEntry.Formatter(logEntry.State, logEntry.Exception));
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(' ');
            WriteEscaped(textWriter, exception.ToString().ReplaceLineEndings(" "));
        }

        textWriter.Write(Environment.NewLine);
    }

    internal static void WriteEscaped(TextWriter writer, ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (MayBeShown(character))
            {
                writer.Write(character);
            }
            else
            {
                writer.Write($"\\u{(int)character:x4}");
            }
        }
    }

    // Beside control characters: line separators of Unicode, and what turns the direction of the text after it.
    private static bool MayBeShown(char character) => char.IsAscii(character)
        ? !char.IsControl(character)
        : char.GetUnicodeCategory(character) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator);

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
