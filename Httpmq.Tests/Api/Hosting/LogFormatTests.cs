using System.Text.Json;
using Httpmq.Api.Hosting;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>Lines of the log, of values that nobody has made harmless before, such as an error of a hostile nats-server.</summary>
internal sealed class LogFormatTests
{
    private static readonly string[] Hostile =
    [
        "\r\ninfo: forged", "\0", "\u001b[2J", "\u009b", "\u2028\u2029\u0085", "\u202e\u2066", "\U000E0041",
        string.Concat('\ud83d', "half"), string.Concat("half", '\ude00'), "\"}{\"", "{0}{Name}", "%0d%0a",
    ];

    private static IEnumerable<TestCaseData> Values() => Hostile.Select(static (value, index) => new TestCaseData(value).SetArgDisplayNames(
        $"{index}"));

    [TestCaseSource(nameof(Values))]
    public void Text_HostileValue_IsOneLineWithoutControls(string value)
    {
        var line = Write(json: false, value);

        Assert.That(line.TrimEnd('\n'), Has.None.Matches<char>(static character =>
            char.IsControl(character) || char.IsSurrogate(character) || character is '\u2028' or '\u2029' or '\u202e' or '\u2066'));
    }

    [TestCaseSource(nameof(Values))]
    public void Json_HostileValue_IsOneObjectOnOneLine(string value)
    {
        var line = Write(json: true, value);

        Assert.That(line.TrimEnd('\n'), Has.None.Matches<char>(static character => !char.IsAscii(character) || char.IsControl(character)));
        using var json = JsonDocument.Parse(line);
        Assert.That(json.RootElement.GetProperty("State").GetProperty("Warning").GetString(), Is.Not.Empty);
    }

    [Test]
    public void Text_VeryLongValue_IsCut()
    {
        var line = Write(json: false, new string('\u001b', 1_000_000));

        Assert.That(line, Has.Length.LessThan((TextLogFormatter.MaxMessage * 6) + 200).And.EndWith("characters more)\n"));
    }

    private static string Write(bool json, string value)
    {
        var services = new ServiceCollection().AddLogging(
            logging => logging.Configure(new ProcessLog(new LogSettings { Level = LogLevel.Debug, Json = json })));
        using var provider = services.BuildServiceProvider();
        var formatter = provider.GetServices<ConsoleFormatter>().Single(
            one => string.Equals(one.Name, json ? ConsoleFormatterNames.Json : TextLogFormatter.FormatterName, StringComparison.Ordinal));
        var written = new StringWriter();
        new Forwarding(formatter, written).Configuration(value);
        return written.ToString();
    }

    /// <summary>Hands what is logged to a formatter.</summary>
    private sealed class Forwarding(ConsoleFormatter formatter, TextWriter output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatted)
        {
            var entry = new LogEntry<TState>(logLevel, "Httpmq.Test", eventId, state, exception, formatted);
            formatter.Write(entry, scopeProvider: null, output);
        }
    }
}
