using System.Text.RegularExpressions;

namespace Httpmq.Tests.Documents;

/// <summary>Commands of a document that belong together, and what is shown as their output.</summary>
/// <param name="Line">Where they begin, from 1.</param>
/// <param name="Commands">Each as it is typed; a line that ends with a backslash goes on.</param>
/// <param name="Output">The lines that they print, with "…" for what differs each time; null: not shown.</param>
internal sealed record DocumentedCommands(int Line, IReadOnlyList<string> Commands, IReadOnlyList<string>? Output);

/// <summary>
/// The session of a document: what its blocks marked <c>sh</c> do, one after the other. A block marked <c>json</c> or <c>text</c> behind
/// one of them, with no other block in between, is what it prints.
/// </summary>
internal static partial class MarkdownSession
{
    public static IEnumerable<DocumentedCommands> Of(string markdown)
    {
        var blocks = Blocks(markdown).ToArray();
        for (var i = 0; i < blocks.Length; i++)
        {
            if (blocks[i].Language is "sh")
            {
                var next = i + 1 < blocks.Length && blocks[i + 1].Language is "json" or "text" ? blocks[i + 1].Lines : null;
                yield return new DocumentedCommands(blocks[i].Line, [.. Commands(blocks[i].Lines)], next);
            }
        }
    }

    /// <summary>The first lines of blocks with a curl command that no session has.</summary>
    public static IEnumerable<int> Unmarked(string markdown) =>
        from block in Blocks(markdown)
        where block.Language is not "sh" && block.Lines.Any(static line => CurlCommand().IsMatch(line))
        select block.Line;

    /// <summary>Whether the output is what the document shows.</summary>
    public static bool IsAsShown(string shown, string printed) =>
        Regex.IsMatch(printed, "^" + Regex.Escape(shown).Replace("…", ".*", StringComparison.Ordinal) + "$", default, TimeLimit);

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1);

    private static IEnumerable<(string Language, int Line, IReadOnlyList<string> Lines)> Blocks(string markdown)
    {
        var lines = markdown.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                continue;
            }

            var start = i;
            var inside = lines.Skip(i + 1).TakeWhile(static line => !line.StartsWith("```", StringComparison.Ordinal)).ToArray();
            i += inside.Length + 1;
            yield return (lines[start][3..].Trim(), start + 2, inside);
        }
    }

    private static IEnumerable<string> Commands(IReadOnlyList<string> lines)
    {
        var command = string.Empty;
        foreach (var line in lines.Where(static line => line.Trim() is { Length: > 0 } text && text[0] != '#'))
        {
            command += line;
            if (command.EndsWith('\\'))
            {
                command = command[..^1];
                continue;
            }

            yield return command;
            command = string.Empty;
        }
    }

    [GeneratedRegex(@"(^|\|\s*)curl ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CurlCommand();
}
