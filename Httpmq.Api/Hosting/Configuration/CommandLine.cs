using System.Collections;
using System.CommandLine;
using System.CommandLine.Parsing;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>What the command line comes to: settings to run with, or a text to print and an exit code.</summary>
internal abstract record CommandLineResult
{
    /// <param name="Settings">Complete and valid.</param>
    /// <param name="Warnings">What was ignored, one line each, for the log.</param>
    internal sealed record Run(HttpmqSettings Settings, IReadOnlyList<string> Warnings) : CommandLineResult;

    /// <param name="Text">One line or several, without a line end after the last.</param>
    /// <param name="ExitCode">0, or <see cref="CommandLine.InvalidExitCode"/>.</param>
    internal sealed record Exit(string Text, int ExitCode) : CommandLineResult
    {
        /// <summary>Where the text belongs: help and version to standard output, complaints to standard error.</summary>
        internal bool ToStandardError => ExitCode != 0;
    }
}

/// <summary>Turns arguments, environment and configuration file into settings. Prints nothing and starts nothing.</summary>
internal static class CommandLine
{
    /// <summary>The exit code when options or settings are wrong: starting again will not help.</summary>
    internal const int InvalidExitCode = 2;

    private const string LevelVariable = "LOG_LEVEL";
    private const string JsonVariable = "LOG_AS_JSON";
    private const string FileVariable = "CONFIG_FILE";

    /// <param name="arguments">The arguments of the process, without its name.</param>
    /// <param name="environment">Names and values, as <see cref="Environment.GetEnvironmentVariables()"/> gives them.</param>
    internal static CommandLineResult Parse(string[] arguments, IDictionary environment)
    {
        var grammar = new Grammar();
        var parsed = grammar.Parse(arguments);
        if (arguments.Length == 0 || Grammar.ReadSwitch(parsed, grammar.Help) is true || parsed.CommandResult.Command == grammar.HelpCommand)
        {
            return new CommandLineResult.Exit(HelpText.Help, 0);
        }

        if (Grammar.ReadSwitch(parsed, grammar.Version) is true)
        {
            return new CommandLineResult.Exit(ProductVersion.Text, 0);
        }

        // Wrong usage and wrong settings are collected apart: only the first is what --help can help with.
        var usage = new Findings();
        var mode = grammar.ReadMode(parsed, arguments, usage);
        var log = new LogSettings
        {
            Level = ReadLevel(parsed, grammar, environment, usage),
            Json = Grammar.ReadSwitch(parsed, grammar.JsonLog)
                ?? ReadVariable(JsonVariable, environment, SettingRules.Flag, usage, false),
        };

        var findings = new Findings();
        var settings = ReadSettings(parsed, grammar, environment, mode ?? RunMode.Management, log, findings);
        RefuseEmptyBroker(settings, findings);
        if (usage.Problems.Count + findings.Problems.Count > 0)
        {
            var lines = usage.Problems.Concat(findings.Problems).Select(problem => $"httpmq: {problem}");
            return new CommandLineResult.Exit(
                string.Join('\n', usage.Problems.Count > 0 ? lines.Append(HelpText.Hint) : lines),
                InvalidExitCode);
        }

        return Grammar.ReadSwitch(parsed, grammar.CheckConfig) is true
            ? new CommandLineResult.Exit(string.Join('\n', findings.Warnings.Select(warning => $"warning: {warning}").Append($"httpmq: {Checked(mode)}")), 0)
            : new CommandLineResult.Run(settings, findings.Warnings);
    }

    private static string Checked(RunMode? mode) => $"the configuration of mode '{mode.ToString()!.ToLowerInvariant()}' is valid";

    /// <summary>Who mistypes the address of a NATS server gets an error, and not an empty server that looks like theirs.</summary>
    private static void RefuseEmptyBroker(HttpmqSettings settings, Findings findings)
    {
        if (!settings.UsesEmbeddedNats)
        {
            return;
        }

        foreach (var (subject, meant, origin) in findings.Misspelt.Where(found => found.Meant is SettingKeys.Nats or SettingKeys.NatsServerUri))
        {
            findings.Problem(
                subject, $"unknown; did you mean {meant}? Without {SettingKeys.NatsServerUri} mode 'all' would start an empty NATS server of its own", origin);
        }
    }

    private static HttpmqSettings ReadSettings(
        ParseResult parsed, Grammar grammar, IDictionary environment, RunMode mode, LogSettings log, Findings findings)
    {
        var (path, subject) = Grammar.ReadText(parsed, grammar.ConfigFile) is { } option
            ? (option, grammar.ConfigFile.Name)
            : (Variable(environment, FileVariable), FileVariable);
        var file = path is null ? new SettingsLayer() : FileLayer.Read(path, subject, findings);
        var options = new SettingsLayer();
        var dataFolder = Grammar.ReadText(parsed, grammar.DataFolder);
        if (dataFolder is not null)
        {
            options.Add(SettingKeys.EmbeddedDataFolder, dataFolder, $"in {grammar.DataFolder.Name}");
        }

        var reader = new SettingsReader(findings, SettingKeys.Defaults(mode), file, EnvironmentLayer.Read(environment, findings), options);
        var settings = reader.Read(mode, log);
        if (dataFolder is not null && !settings.UsesEmbeddedNats)
        {
            findings.Warning(grammar.DataFolder.Name, "has no effect, the NATS server is not ours (mode 'all' without nats.server_uri)");
        }

        return settings;
    }

    private static LogLevel ReadLevel(ParseResult parsed, Grammar grammar, IDictionary environment, Findings usage)
    {
        if (Grammar.ReadText(parsed, grammar.LogLevel) is not { } text)
        {
            return ReadVariable(LevelVariable, environment, SettingRules.Level, usage, LogLevel.Warning);
        }

        if (!SettingRules.Level.TryParse(text, out var level))
        {
            usage.Problem(grammar.LogLevel.Name, $"{PlainText.Quote(text)} {SettingRules.Level.Complaint}");
        }

        return level;
    }

    private static T ReadVariable<T>(string variable, IDictionary environment, SettingRule<T> rule, Findings usage, T fallback)
        where T : struct
    {
        if (Variable(environment, variable) is not { } text)
        {
            return fallback;
        }

        if (!rule.TryParse(text, out var value))
        {
            usage.Problem(variable, $"{PlainText.Quote(text)} {rule.Complaint}", "in the environment");
        }

        return value;
    }

    // An empty variable is one that is not set: that is what LOG_LEVEL=${LOG_LEVEL:-} in a compose file leaves behind.
    private static string? Variable(IDictionary environment, string name) => environment[name] is string { Length: > 0 } text ? text : null;
}
