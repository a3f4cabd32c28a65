using Httpmq.Api.Hosting.Configuration;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Configuration;

internal sealed class CommandLineTests : ConfigurationTest
{
    private const string Hint = "Try 'httpmq --help'.";

    [TestCase("management", RunMode.Management)]
    [TestCase("dataplane", RunMode.Dataplane)]
    [TestCase("all", RunMode.All)]
    public void Parse_OnlyAMode_RunsItAndLogsWarningsAsText(string mode, object expected)
    {
        var settings = Settings(mode);

        Assert.That(settings.Mode, Is.EqualTo(expected));
        Assert.That(settings.Log, Is.EqualTo(new LogSettings { Level = LogLevel.Warning, Json = false }));
    }

    [TestCase("-l debug -j -c FILE dataplane")]
    [TestCase("dataplane -l debug -j -c FILE")]
    [TestCase("-l debug dataplane -j -c FILE")]
    [TestCase("-jc FILE dataplane -ldebug")]
    [TestCase("--log-level debug --json-log --config-file FILE dataplane")]
    [TestCase("dataplane --log-level=debug --json-log=true --config-file=FILE")]
    [TestCase("-l error dataplane -c other.yaml -l debug -j -c FILE")]
    [TestCase("-l:debug -j true -cFILE dataplane")]
    public void Parse_OptionsOnEitherSideOfTheMode_AreAllSeen(string arguments)
    {
        var file = WriteKey("dataplane.api_server.server_config.listen_port", "4444");

        var settings = Settings(arguments.Replace("FILE", file, StringComparison.Ordinal).Split(' '));

        Assert.That(settings.Mode, Is.EqualTo(RunMode.Dataplane));
        Assert.That(settings.Log, Is.EqualTo(new LogSettings { Level = LogLevel.Debug, Json = true }));
        Assert.That(settings.Dataplane.ListenPort, Is.EqualTo(4444));
    }

    [TestCase("debug", LogLevel.Debug)]
    [TestCase("info", LogLevel.Information)]
    [TestCase("warn", LogLevel.Warning)]
    [TestCase("error", LogLevel.Error)]
    [TestCase("INFO", LogLevel.Information)]
    public void Parse_LogLevel_IsTheSameFromOptionAndVariable(string text, LogLevel expected)
    {
        Assert.That(Settings("-l", text, "all").Log.Level, Is.EqualTo(expected));

        Environment["LOG_LEVEL"] = text;

        Assert.That(Settings("all").Log.Level, Is.EqualTo(expected));
    }

    [Test]
    public void Parse_LevelInTheFile_HoldsUnlessOptionOrVariableSayAnother()
    {
        var file = Write("level.yaml", "log: { level: debug }");
        Assert.That(Settings("all", "-c", file).Log.Level, Is.EqualTo(LogLevel.Debug));

        Environment["Httpmq__Log__Level"] = "info";
        Assert.That(Settings("all", "-c", file).Log.Level, Is.EqualTo(LogLevel.Information));

        Environment["LOG_LEVEL"] = "error";
        Assert.That(Settings("all", "-c", file).Log.Level, Is.EqualTo(LogLevel.Error));
        Assert.That(Settings("all", "-c", file, "-l", "warn").Log.Level, Is.EqualTo(LogLevel.Warning));
    }

    [Test]
    public void Parse_WrongLevelInTheFile_IsNamedAlsoBesideTheOption()
    {
        var file = Write("level.yaml", "log:\n  level: loud");

        Assert.That(
            Refuse("all", "-c", file, "-l", "warn"),
            Is.EqualTo(new[] { $"httpmq: log.level: 'loud' is not debug, info, warn or error, in {file} line 2" }));
    }

    [TestCase("true", true)]
    [TestCase("1", true)]
    [TestCase("True", true)]
    [TestCase("false", false)]
    [TestCase("0", false)]
    [TestCase("", false)]
    public void Parse_LogAsJsonVariable_IsASwitch(string text, bool expected)
    {
        Environment["LOG_AS_JSON"] = text;

        Assert.That(Settings("all").Log.Json, Is.EqualTo(expected));
    }

    [Test]
    public void Parse_OptionAndVariable_OptionWins()
    {
        Environment["LOG_LEVEL"] = "nonsense, and nobody asks";
        Environment["LOG_AS_JSON"] = "true";
        Environment["CONFIG_FILE"] = Missing("nobody-asks.yaml");

        var settings = Settings("all", "-l", "error", "-j=false", "-c", Write("empty.yaml", ""));

        Assert.That(settings.Log, Is.EqualTo(new LogSettings { Level = LogLevel.Error, Json = false }));
    }

    [Test]
    public void Parse_ConfigFileVariable_NamesTheFile()
    {
        Environment["CONFIG_FILE"] = WriteKey("nats.connect_timeout_sec", "3");

        Assert.That(Settings("management").Nats.ConnectTimeout, Is.EqualTo(TimeSpan.FromSeconds(3)));
    }

    [TestCase("LOG_LEVEL")]
    [TestCase("CONFIG_FILE")]
    public void Parse_EmptyVariable_IsNotSet(string variable)
    {
        Environment[variable] = "";

        Assert.That(Settings("management").Log.Level, Is.EqualTo(LogLevel.Warning));
    }

    [TestCase("--bogus management", "httpmq: --bogus: unknown option")]
    [TestCase("management --bogus=5", "httpmq: --bogus: unknown option")]
    [TestCase("-x 5 management", "httpmq: -x: unknown option")]
    [TestCase("--log-leve info all", "httpmq: --log-leve: unknown option; did you mean --log-level?")]
    [TestCase("--config x.yaml all", "httpmq: --config: unknown option; did you mean --config-file?")]
    [TestCase("all --jsonlog", "httpmq: --jsonlog: unknown option; did you mean --json-log?")]
    [TestCase("all --port 80", "httpmq: --port: unknown option; the configuration has it: management.api_server.server_config.listen_port, "
        + "or the environment variable Httpmq__Management__ApiServer__ServerConfig__ListenPort")]
    [TestCase("dataplane --listen-port=80",
        "httpmq: --listen-port: unknown option; the configuration has it: dataplane.api_server.server_config.listen_port, "
        + "or the environment variable Httpmq__Dataplane__ApiServer__ServerConfig__ListenPort")]
    [TestCase("all --nats-url nats://x", "httpmq: --nats-url: unknown option; the configuration has it: nats.server_uri, "
        + "or the environment variable Httpmq__Nats__ServerUri")]
    [TestCase("all --max-connections=9", "httpmq: --max-connections: unknown option; the configuration has it: limits.max_connections, "
        + "or the environment variable Httpmq__Limits__MaxConnections")]
    [TestCase("al", "httpmq: mode: 'al' is not management, dataplane or all; did you mean all?")]
    [TestCase("datapalne", "httpmq: mode: 'datapalne' is not management, dataplane or all; did you mean dataplane?")]
    [TestCase("all --json-log=maybe", "httpmq: --json-log: 'maybe' is not true or false")]
    [TestCase("-j=2 all", "httpmq: --json-log: '2' is not true or false")]
    [TestCase("bogus", "httpmq: mode: 'bogus' is not management, dataplane or all")]
    [TestCase("-l info", "httpmq: mode: missing, choose one of management, dataplane or all")]
    [TestCase("management dataplane", "httpmq: 'dataplane': unexpected, the mode is management already")]
    [TestCase("[suggest] all", "httpmq: '[suggest]': unexpected, the mode is all already")]
    [TestCase("@file all", "httpmq: '@file': unexpected, the mode is all already")]
    [TestCase("-l trace management", "httpmq: --log-level: 'trace' is not debug, info, warn or error")]
    [TestCase("management -l", "httpmq: --log-level: needs a value")]
    [TestCase("management -c", "httpmq: --config-file: needs a value")]
    [TestCase("management management", "httpmq: 'management': unexpected, the mode is management already")]
    [TestCase("-jx all", "httpmq: -x: unknown option")]
    [TestCase("- all", "httpmq: '-': unexpected, the mode is all already")]
    [TestCase("-j maybe all", "httpmq: 'maybe': unexpected, the mode is all already")]
    public void Parse_WrongUsage_IsNamedOnOneLineWithAHint(string arguments, string expected)
    {
        Assert.That(Refuse(arguments.Split(' ')), Is.EqualTo(new[] { expected, Hint }));
    }

    [TestCase("LOG_LEVEL", "trace", "httpmq: LOG_LEVEL: 'trace' is not debug, info, warn or error, in the environment")]
    [TestCase("LOG_AS_JSON", "maybe", "httpmq: LOG_AS_JSON: 'maybe' is not true, false, 1 or 0, in the environment")]
    public void Parse_WrongVariable_IsNamedOnOneLineWithAHint(string variable, string value, string expected)
    {
        Environment[variable] = value;

        Assert.That(Refuse("all"), Is.EqualTo(new[] { expected, Hint }));
    }

    [Test]
    public void Parse_WrongUsageAndWrongSettings_AreReportedTogether()
    {
        Environment["Httpmq__Nats__ServerUri"] = "nowhere";
        var missing = Missing("nope.yaml");

        var lines = Refuse("-l", "trace", "-c", missing, "management", "--bogus");

        Assert.That(lines, Is.EqualTo(new[]
        {
            "httpmq: --bogus: unknown option",
            "httpmq: --log-level: 'trace' is not debug, info, warn or error",
            $"httpmq: --config-file: '{missing}' does not exist",
            "httpmq: nats.server_uri: 'nowhere' is not nats://host:port (or tls, ws, wss; several separated by commas), "
                + "in the environment variable Httpmq__Nats__ServerUri",
            Hint,
        }));
    }

    [Test]
    public void Parse_CheckConfig_SaysWhatIsWrongAndRunsNothing()
    {
        Environment["Httpmq__Limits__MaxConection"] = "5";
        var valid = CommandLine.Parse(["--check-config", "dataplane"], Environment);
        Assert.That(valid, Is.EqualTo(new CommandLineResult.Exit(
            "warning: Httpmq__Limits__MaxConection: unknown environment variable, ignored (did you mean limits.max_connections?)\n"
            + "httpmq: the configuration of mode 'dataplane' is valid",
            0)));

        Environment["Httpmq__Limits__MaxConnections"] = "none";
        Assert.That(Refuse("dataplane", "--check-config"), Has.One.StartsWith("httpmq: limits.max_connections: 'none' is not"));
    }

    [TestCase("")]
    [TestCase("-h")]
    [TestCase("--help")]
    [TestCase("help")]
    [TestCase("management --help")]
    [TestCase("--bogus -h")]
    public void Parse_HelpOrNothing_IsTheHelpOnStandardOutput(string arguments)
    {
        var result = CommandLine.Parse(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), Environment);

        Assert.That(result, Is.EqualTo(new CommandLineResult.Exit(HelpText.Help, 0)));
        Assert.That(((CommandLineResult.Exit)result).ToStandardError, Is.False);
    }

    [Test]
    public void Help_ForEveryOptionModeAndVariable_HasALine()
    {
        var names = Option.All.SelectMany(option => new[] { option.Letter, option.Name }).OfType<string>()
            .Concat(Enum.GetValues<RunMode>().Select(Arguments.NameOf));
        string[] others = ["LOG_LEVEL", "LOG_AS_JSON", "CONFIG_FILE", "3000", "3001", "configuration"];

        Assert.Multiple(() =>
        {
            foreach (var name in names.Concat(others))
            {
                Assert.That(HelpText.Help, Does.Match($@"(?<![-\w]){System.Text.RegularExpressions.Regex.Escape(name)}(?!\w)"), name);
            }

            Assert.That(HelpText.Help.Split('\n').Where(line => line.Length > 80), Is.Empty);
        });
    }

    [Test]
    public void Help_ItsExamples_AreAccepted()
    {
        Write("httpmq.yaml", "");
        var examples = HelpText.Help.Split('\n').SkipWhile(line => line is not "Examples:")
            .Where(line => line.Contains("httpmq ", StringComparison.Ordinal) && !line.Contains("    ", StringComparison.Ordinal))
            .Select(line => line.Replace("httpmq.yaml", Missing("httpmq.yaml"), StringComparison.Ordinal)
                .Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToList();

        Assert.That(examples, Has.Count.EqualTo(3));
        foreach (var example in examples)
        {
            Environment.Clear();
            foreach (var variable in example.TakeWhile(word => word is not "httpmq"))
            {
                Environment[variable.Split('=')[0]] = variable.Split('=')[1];
            }

            Assert.That(Accept([.. example.SkipWhile(word => word is not "httpmq").Skip(1)]).Warnings, Is.Empty);
        }
    }

    [TestCase("-v")]
    [TestCase("--version")]
    [TestCase("management -v")]
    public void Parse_Version_IsPrintedWithoutTheCommit(string arguments)
    {
        var version = typeof(HttpmqSettings).Assembly.GetName().Version!.ToString(3);

        Assert.That(CommandLine.Parse(arguments.Split(' '), Environment), Is.EqualTo(new CommandLineResult.Exit($"httpmq {version}", 0)));
    }

    [Test]
    public void Parse_DataFolder_OverridesEverythingElse()
    {
        Environment["Httpmq__EmbeddedNats__DataFolder"] = "/from/environment";

        Assert.That(Settings("all", "--data-folder", "/from/option").EmbeddedNats.DataFolder, Is.EqualTo("/from/option"));
        Assert.That(Settings("all").EmbeddedNats.DataFolder, Is.EqualTo("/from/environment"));
    }

    [Test]
    public void Parse_DataFolderWithoutEmbeddedServer_Warns()
    {
        Assert.That(Accept("management", "--data-folder", "/data").Warnings, Has.One.StartsWith("--data-folder: has no effect"));
        Assert.That(Accept("all", "--data-folder", "/data").Warnings, Is.Empty);
    }
}
