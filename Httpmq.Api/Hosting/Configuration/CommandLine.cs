using System.Collections;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>What the command line comes to: settings to run with, or a text to print and an exit code.</summary>
internal abstract record CommandLineResult
{
    /// <param name="Settings">Complete and valid.</param>
    /// <param name="Warnings">What was ignored, one line each, for the log.</param>
    internal sealed record Run(HttpmqSettings Settings, IReadOnlyList<string> Warnings) : CommandLineResult;

    /// <summary>Look whether it would work, and say so.</summary>
    /// <param name="Settings">Worth something only if there is no problem.</param>
    /// <param name="Problems">What is wrong with the settings, one line each.</param>
    /// <param name="Warnings">What was ignored, one line each.</param>
    /// <param name="AsJson">For machines.</param>
    internal sealed record Examine(
        HttpmqSettings Settings, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings, bool AsJson) : CommandLineResult;

    /// <param name="Text">One line or several, without a line end after the last.</param>
    /// <param name="ExitCode">0, or <see cref="CommandLine.InvalidExitCode"/>.</param>
    internal sealed record Exit(string Text, int ExitCode) : CommandLineResult
    {
        /// <summary>Where the text belongs: help and version to standard output, complaints to standard error.</summary>
        internal bool ToStandardError => ExitCode != 0 && !IsAnswer;

        /// <summary>Whether the text is what was asked for, although the code is not 0.</summary>
        internal bool IsAnswer { get; init; }
    }
}

/// <summary>Turns arguments, environment and configuration file into settings. Prints nothing and starts nothing.</summary>
internal static class CommandLine
{
    /// <summary>The command that looks whether it would work.</summary>
    internal const string Doctor = "doctor";

    /// <summary>The exit code when options or settings are wrong: starting again will not help.</summary>
    internal const int InvalidExitCode = 2;

    /// <param name="arguments">The arguments of the process, without its name.</param>
    /// <param name="environment">Names and values, as <see cref="Environment.GetEnvironmentVariables()"/> gives them.</param>
    /// <param name="isAgain">Whether the process runs already, and its configuration is read again for who may do what.</param>
    internal static CommandLineResult Parse(string[] arguments, IDictionary environment, bool isAgain = false)
    {
        var parsed = new Arguments(arguments);
        if (parsed.AskForHelp)
        {
            return new CommandLineResult.Exit(HelpText.Help, 0);
        }

        if (parsed.Switch(Option.Version) is true)
        {
            return new CommandLineResult.Exit(ProductVersion.Text, 0);
        }

        if (parsed.Words is [AccessCommands.Key, .. var rest])
        {
            return AccessCommands.AnswerKey(rest);
        }

        if (parsed.Words is [AccessCommands.Can, .. var question])
        {
            return AnswerCan(question, parsed, environment);
        }

        // Wrong usage and wrong settings are collected apart: only the first is what --help can help with.
        var (usage, reports) = (new Reports(), new Reports());
        parsed.Check(usage);
        var settings = ReadSettings(parsed, environment, reports, checksCertificates: !isAgain);
        var log = new LogSettings
        {
            Level = ReadOption(
                Option.LogLevel, parsed.Text(Option.LogLevel), SettingRules.Level, settings.Log.Level, environment, usage),
            Json = ReadOption(Option.JsonLog, parsed.Switch(Option.JsonLog)?.ToString(), SettingRules.Flag, false, environment, usage),
        };
        settings = settings with { Log = log };
        if (parsed.IsDoctor && usage.Problems.Count == 0)
        {
            return new CommandLineResult.Examine(settings, reports.Problems, reports.Warnings, parsed.Switch(Option.Json) is true);
        }

        if (usage.Problems.Count + reports.Problems.Count > 0)
        {
            var lines = usage.Problems.Concat(reports.Problems).Select(problem => $"httpmq: {problem}");
            var text = string.Join('\n', usage.Problems.Count > 0 ? lines.Append(HelpText.Hint) : lines);
            return new CommandLineResult.Exit(text, InvalidExitCode);
        }

        return parsed.Switch(Option.CheckConfig) is true
            ? new CommandLineResult.Exit(
                string.Join('\n', [
                    .. reports.Warnings.Select(warning => $"warning: {warning}"),
                    $"httpmq: the configuration of mode '{Arguments.NameOf(settings.Mode)}' is valid"]),
                0)
            : new CommandLineResult.Run(settings, reports.Warnings);
    }

    private static CommandLineResult.Exit AnswerCan(string[] question, Arguments parsed, IDictionary environment)
    {
        var reports = new Reports();
        var settings = ReadSettings(parsed, environment, reports, checksCertificates: false);
        return reports.Problems.Count > 0
            ? new CommandLineResult.Exit(string.Join('\n', reports.Problems.Select(problem => $"httpmq: {problem}")), InvalidExitCode)
            : AccessCommands.AnswerCan(question, settings.Access);
    }

    private static HttpmqSettings ReadSettings(
        Arguments parsed, IDictionary environment, Reports reports, bool checksCertificates)
    {
        var catalogue = Declaration.Catalogue;
        var (path, subject) = parsed.Text(Option.ConfigFile) is { } option
            ? (option, Option.ConfigFile.Name)
            : (Variable(environment, Option.ConfigFile.Variable!), Option.ConfigFile.Variable!);
        var options = new SettingsSource();
        var dataFolder = parsed.Text(Option.DataFolder);
        if (dataFolder is not null)
        {
            options.Add(Declaration.DataFolder, dataFolder, $"in {Option.DataFolder.Name}");
        }

        var configuration = new ConfigurationBuilder()
            .Add(path is null ? new SettingsSource() : FileSource.Read(path, subject, catalogue, reports))
            .Add(EnvironmentSource.Read(environment, catalogue, reports))
            .Add(options)
            .Build();
        var mode = parsed.Mode ?? (parsed.IsDoctor ? RunMode.All : RunMode.Management);
        var root = new SettingsSection(configuration, reports);
        var settings = Declaration.Read(root, mode, checksCertificates) with { ConfigFile = path };
        RefuseOpenDoors(reports);
        if (settings.UsesEmbeddedNats)
        {
            RefuseEmptyBroker(reports);
        }
        else if (dataFolder is not null)
        {
            reports.Warning(Option.DataFolder.Name, "has no effect, the NATS server is not ours (mode 'all' without nats.server_uri)");
        }

        return settings;
    }

    /// <summary>Who mistypes the address of a NATS server gets an error, and not an empty server that looks like theirs.</summary>
    private static void RefuseEmptyBroker(Reports reports)
    {
        foreach (var (subject, meant, origin) in reports.Misspelt.Where(found => found.Meant is Catalogue.Nats or Catalogue.NatsServerUri))
        {
            reports.Problem(
                subject,
                $"unknown; did you mean {meant}? Without {Catalogue.NatsServerUri} mode 'all' would start an empty NATS server of its own",
                origin);
        }
    }

    /// <summary>Who mistypes the section that says who may do what gets an error, and not a server that is open to all.</summary>
    private static void RefuseOpenDoors(Reports reports)
    {
        foreach (var (subject, meant, origin) in reports.Misspelt.Where(static found => IsAccess(found.Meant)))
        {
            reports.Problem(
                subject,
                $"unknown; did you mean {meant}? Without {AccessDeclaration.Section} everybody may do everything",
                origin);
        }

        foreach (var (subject, meant, origin) in reports.Misspelt.Where(static found => IsTls(found.Meant)))
        {
            reports.Problem(subject, $"unknown; did you mean {meant}? Without it the port would be in the clear", origin);
        }
    }

    private static bool IsTls(string key) => key.EndsWith($".{ServerSettingKeys.Tls}", StringComparison.Ordinal);

    private static bool IsAccess(string key) =>
        key is AccessDeclaration.Section || key.StartsWith($"{AccessDeclaration.Section}.", StringComparison.Ordinal);

    private static T ReadOption<T>(Option option, string? given, SettingRule<T> rule, T fallback, IDictionary environment, Reports usage)
    {
        var variable = option.Variable!.Split('=')[0];
        if ((given ?? Variable(environment, variable)) is not { } text)
        {
            return fallback;
        }

        if (!rule.TryParse(text, out var value))
        {
            var (subject, origin) = given is null ? (variable, "in the environment") : (option.Name, "");
            usage.Problem(subject, $"{PlainText.Quote(text)} {rule.Complaint}", origin);
        }

        return value!;
    }

    // An empty variable is one that is not set: that is what LOG_LEVEL=${LOG_LEVEL:-} in a compose file leaves behind.
    private static string? Variable(IDictionary environment, string name) => environment[name] is string { Length: > 0 } text ? text : null;
}
