using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>An option of the command line: the parser, the help and the documentation take it from here.</summary>
/// <param name="Name">With its hyphens.</param>
/// <param name="Letter">Its short form, or null.</param>
/// <param name="Value">What stands for the value in the help; null for a switch.</param>
/// <param name="Text">What it does, on lines that fit into the help.</param>
/// <param name="Variable">The environment variable that does the same, with a value where it is a switch.</param>
internal sealed record Option(string Name, string? Letter, string? Value, string Text, string? Variable = null)
{
    internal static readonly Option ConfigFile =
        new("--config-file", "-c", "<file>", "settings, as YAML or JSON; default: none", "CONFIG_FILE");

    internal static readonly Option LogLevel =
        new("--log-level", "-l", "<level>", "debug, info, warn or error; default: log.level,\nor warn", "LOG_LEVEL");

    internal static readonly Option JsonLog =
        new("--json-log", "-j", null, "write the log as JSON, one object per line;\ndefault: text", "LOG_AS_JSON=true");

    internal static readonly Option DataFolder = new(
        "--data-folder", null, "<folder>", "where the NATS server of mode 'all' stores its\ndata",
        Catalogue.VariableOf(Declaration.DataFolder));

    internal static readonly Option CheckConfig = new("--check-config", null, null, "check settings, print what is wrong, and end");

    internal static readonly Option Json = new("--json", null, null, "with doctor: print the result as JSON");

    internal static readonly Option Help = new("--help", "-h", null, "print this text");

    internal static readonly Option Version = new("--version", "-v", null, "print the version");

    internal static IReadOnlyList<Option> All { get; } = [ConfigFile, LogLevel, JsonLog, DataFolder, CheckConfig, Json, Help, Version];

    internal static Option? Find(string text) =>
        All.FirstOrDefault(option => new[] { option.Name, option.Letter }.Contains(text, StringComparer.Ordinal));
}

/// <summary>The arguments, taken apart. Options may stand on either side of the mode; the last of several counts, as originally.</summary>
internal sealed class Arguments
{
    private static readonly IReadOnlyDictionary<string, RunMode> Modes =
        Enum.GetValues<RunMode>().ToDictionary(NameOf, StringComparer.Ordinal);

    private readonly Dictionary<Option, string?> _options = [];
    private readonly List<string> _unknown = [];
    private readonly List<string> _words = [];

    internal Arguments(string[] arguments)
    {
        var left = new Queue<string>(arguments);
        while (left.TryDequeue(out var argument))
        {
            if (argument.Length < 2 || argument[0] != '-')
            {
                _words.Add(argument);
            }
            else
            {
                Take(argument, left);
            }
        }

        IsDoctor = _words is [CommandLine.Doctor, ..];
        if (IsDoctor)
        {
            _words.RemoveAt(0);
        }

        Mode = _words.Find(Modes.ContainsKey) is { } word ? Modes[word] : null;
    }

    internal RunMode? Mode { get; }

    /// <summary>The command is <see cref="CommandLine.Doctor"/>; the mode, if any, is that to look at.</summary>
    internal bool IsDoctor { get; }

    /// <summary>What is no option, in its order.</summary>
    internal string[] Words => [.. _words];

    /// <summary>Help was asked for; "help" is the original's other way to do so.</summary>
    internal bool AskForHelp =>
        Switch(Option.Help) is true || _words is ["help", ..]
        || (!IsDoctor && _words.Count + _options.Count + _unknown.Count == 0);

    internal static string NameOf(RunMode mode) => mode.ToString().ToLowerInvariant();

    /// <summary>The value of an option; null if it is not there or has none.</summary>
    internal string? Text(Option option) => _options.GetValueOrDefault(option);

    /// <summary>A switch: true when it is there, unless with the value false; null when it is not.</summary>
    internal bool? Switch(Option option) =>
        _options.TryGetValue(option, out var text) ? !bool.TryParse(text, out var value) || value : null;

    /// <summary>What does not belong on the command line, and a mode that is missing.</summary>
    internal void Check(Reports usage)
    {
        foreach (var (option, text) in _options)
        {
            if (option.Value is not null && text is null)
            {
                usage.Problem(option.Name, "needs a value");
            }
            else if (option.Value is null && text is not null && !bool.TryParse(text, out _))
            {
                usage.Problem(option.Name, $"{PlainText.Quote(text)} is not true or false");
            }
        }

        if (!IsDoctor && _options.ContainsKey(Option.Json))
        {
            usage.Problem(Option.Json.Name, $"belongs to 'httpmq {CommandLine.Doctor}'");
        }

        _unknown.ForEach(option => usage.Problem(option, Advise(option)));
        if (_unknown.Count > 0)
        {
            return; // What else was not understood may be the value of the unknown option.
        }

        var modes = string.Join(", ", Modes.Keys.SkipLast(1)) + $" or {Modes.Keys.Last()}";
        foreach (var word in _words.Where((_, index) => Mode is null || index != _words.IndexOf(NameOf(Mode.Value))))
        {
            if (Mode is not null)
            {
                usage.Problem(PlainText.Quote(word), $"unexpected, the mode is {NameOf(Mode.Value)} already");
            }
            else
            {
                var meant = Spelling.Nearest(word, Modes.Keys) is { } near ? $"; did you mean {near}?" : "";
                usage.Problem("mode", $"{PlainText.Quote(word)} is not {modes}{meant}");
            }
        }

        if (_words.Count == 0 && !IsDoctor)
        {
            usage.Problem("mode", $"missing, choose one of {modes}");
        }
    }

    // "--name value", "--name=value", "-n value", "-nvalue", and switches together before another option: "-jn value".
    private void Take(string argument, Queue<string> left)
    {
        var separator = argument.AsSpan().IndexOfAny('=', ':');
        var (name, value) = separator < 0 ? (argument, null) : (argument[..separator], argument[(separator + 1)..]);
        if (Option.Find(name) is { } option)
        {
            if (value is null && left.TryPeek(out var next) && (option.Value is not null || bool.TryParse(next, out _)))
            {
                value = left.Dequeue();
            }

            _options[option] = value;
        }
        else if (argument[1] != '-' && Option.Find(argument[..2]) is { } first)
        {
            if (first.Value is not null)
            {
                _options[first] = argument[2..];
            }
            else
            {
                _options[first] = null;
                Take($"-{argument[2..]}", left);
            }
        }
        else
        {
            _unknown.Add(name);
        }
    }

    // The option that was probably meant, or the key that does it.
    private string Advise(string option)
    {
        var word = option.TrimStart('-');
        if (!Declaration.OtherNames.ContainsKey(word) && Spelling.Nearest(word, Option.All.Select(known => known.Name)) is { } near)
        {
            return $"unknown option; did you mean {near}?";
        }

        // A key or the end of one: --listen-port, --drain-timeout-sec.
        var path = Declaration.OtherNames.GetValueOrDefault(word) ?? word.Replace('-', '_');
        var other = $"{(Mode is RunMode.Dataplane ? ApiGroup.ManagementName : ApiGroup.DataplaneName)}.";
        var setting = Declaration.Catalogue.Settings
            .Where(setting => !setting.Key.StartsWith(other, StringComparison.Ordinal))
            .FirstOrDefault(setting => $".{setting.Key}".EndsWith($".{path}", StringComparison.OrdinalIgnoreCase));
        return setting is null
            ? "unknown option"
            : $"unknown option; the configuration has it: {setting.Key}, or the environment variable {setting.Variable}";
    }
}
