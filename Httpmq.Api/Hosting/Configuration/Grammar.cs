using System.CommandLine;
using System.CommandLine.Parsing;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// The grammar of the command line. Options belong to the root and to each mode alike, so that they may stand on either side of the
/// mode. What the library would print or do by itself (help, version, response files, suggestions) is left out.
/// </summary>
internal sealed class Grammar
{
    private const string ModeList = "management, dataplane or all";

    private static readonly ParserConfiguration Configuration = new() { ResponseFileTokenReplacer = null };

    private readonly Command _root = new("httpmq");
    private readonly Dictionary<Command, RunMode> _modes = new()
    {
        [new Command("management")] = RunMode.Management,
        [new Command("dataplane")] = RunMode.Dataplane,
        [new Command("all")] = RunMode.All,
    };

    internal Grammar()
    {
        foreach (var option in Options)
        {
            _root.Options.Add(option);
        }

        foreach (var command in _modes.Keys.Append(HelpCommand))
        {
            _root.Subcommands.Add(command);
        }
    }

    internal Option<string> ConfigFile { get; } = new("--config-file", "-c") { Recursive = true };

    internal Option<string> LogLevel { get; } = new("--log-level", "-l") { Recursive = true };

    internal Option<bool> JsonLog { get; } = new("--json-log", "-j") { Recursive = true };

    internal Option<string> DataFolder { get; } = new("--data-folder") { Recursive = true };

    internal Option<bool> CheckConfig { get; } = new("--check-config") { Recursive = true };

    internal Option<bool> Help { get; } = new("--help", "-h") { Recursive = true };

    internal Option<bool> Version { get; } = new("--version", "-v") { Recursive = true };

    /// <summary>The original's other way to ask for help.</summary>
    internal Command HelpCommand { get; } = new("help");

    internal IEnumerable<Option> Options => [ConfigFile, LogLevel, JsonLog, DataFolder, CheckConfig, Help, Version];

    internal IEnumerable<string> ModeNames => _modes.Keys.Select(mode => mode.Name);

    internal ParseResult Parse(string[] arguments) => _root.Parse(arguments, Configuration);

    /// <summary>
    /// The value of an option, null if it has none. Where an option is repeated the last one counts, as in the original; the library
    /// would refuse it.
    /// </summary>
    internal static string? ReadText(ParseResult parsed, Option option) => parsed.GetResult(option) is { Tokens: [.., var last] } ? last.Value : null;

    /// <summary>A switch: true when given, unless with the value false; null when not given.</summary>
    internal static bool? ReadSwitch(ParseResult parsed, Option<bool> option) =>
        parsed.GetResult(option) is { Implicit: false } ? !bool.TryParse(ReadText(parsed, option), out var value) || value : null;

    /// <summary>The mode; null with a problem if there is none. Whatever else does not belong on the command line is a problem too.</summary>
    internal RunMode? ReadMode(ParseResult parsed, IEnumerable<string> arguments, Findings usage)
    {
        var notSwitches = ReadWrongSwitches(arguments, usage);
        foreach (var option in Options.Where(option => option.Arity.MinimumNumberOfValues > 0))
        {
            if (parsed.GetResult(option) is { Tokens.Count: 0 })
            {
                usage.Problem(option.Name, "needs a value");
            }
        }

        RunMode? mode = _modes.TryGetValue(parsed.CommandResult.Command, out var found) ? found : null;
        var unknown = parsed.UnmatchedTokens.Where(token => token.StartsWith('-')).Select(token => token.Split('=')[0]).ToList();
        unknown.ForEach(option => usage.Problem(option, UnknownOption.Describe(option, mode, Options)));
        if (unknown.Count > 0)
        {
            return mode; // What else was not understood may be the value of the unknown option.
        }

        // "[word]" in front is an instruction to the library, which nobody here follows.
        var directives = parsed.Tokens.Where(token => token.Type == TokenType.Directive).Select(token => token.Value);
        var unmatched = parsed.UnmatchedTokens.Except(notSwitches, StringComparer.Ordinal).ToList();
        foreach (var token in directives.Concat(unmatched))
        {
            var argument = PlainText.Quote(token);
            if (mode is null)
            {
                var meant = Spelling.Nearest(token, ModeNames) is { } near ? $"; did you mean {near}?" : "";
                usage.Problem("mode", $"{argument} is not {ModeList}{meant}");
            }
            else
            {
                usage.Problem(argument, $"unexpected, the mode is {parsed.CommandResult.Command.Name} already");
            }
        }

        if (mode is null && unmatched.Count == 0)
        {
            usage.Problem("mode", $"missing, choose one of {ModeList}");
        }

        return mode;
    }

    // The library takes what it cannot read as a switch's value for an argument of its own.
    private List<string> ReadWrongSwitches(IEnumerable<string> arguments, Findings usage)
    {
        var wrong = new List<string>();
        foreach (var (name, value) in arguments.Select(argument => argument.Split('=', 2)).Where(parts => parts.Length == 2).Select(parts => (parts[0], parts[1])))
        {
            var option = Options.OfType<Option<bool>>().FirstOrDefault(option => option.Aliases.Append(option.Name).Contains(name, StringComparer.Ordinal));
            if (option is not null && !bool.TryParse(value, out _))
            {
                usage.Problem(option.Name, $"{PlainText.Quote(value)} is not true or false");
                wrong.Add(value);
            }
        }

        return wrong;
    }
}
