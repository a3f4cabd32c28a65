using System.Text;
using static System.FormattableString;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>What <c>httpmq configuration</c> prints, and docs/configuration.md holds: every option and every key, in Markdown.</summary>
internal static class ConfigurationDocument
{
    internal static string Text { get; } = Write();

    private static string Write()
    {
        var text = new StringBuilder(
            """
            # Configuration

            Written by `make doc` from the declaration of the keys; `httpmq configuration` prints it.

            Defaults, then the file, the environment, the command line: the last one wins. Keys and variables are compared without regard
            to case and underscores. The file of the original Go program is read as it is. Unknown keys are warned about and ignored.
            `httpmq --check-config` checks the settings and ends.

            A list is written as a list, or as one text separated by commas; in the environment also as one variable for each item, with
            `__0`, `__1` at the end. The list of a stronger source replaces that of a weaker one.

            ## Options

            | option | what it does | environment variable |
            |---|---|---|

            """);
        foreach (var option in Option.All)
        {
            var names = string.Join(", ", new[] { option.Letter, $"{option.Name} {option.Value}".Trim() }.OfType<string>().Select(Code));
            var variable = option.Variable is null ? "" : Code(option.Variable);
            text.Append(Invariant($"| {names} | {option.Text.Replace('\n', ' ')} | {variable} |\n"));
        }

        foreach (var section in Declaration.Catalogue.Settings.GroupBy(setting => setting.Key.Split('.')[0], StringComparer.Ordinal))
        {
            text.Append(Invariant($"\n## {section.Key}\n\n| key, environment variable | default | value | what it does |\n"));
            text.Append("|---|---|---|---|\n");
            foreach (var setting in section)
            {
                var name = $"`{setting.Key}`<br>`{setting.Variable}`";
                text.Append(Invariant($"| {name} | {setting.Default} | {setting.Expected} | {setting.Text} |\n"));
            }
        }

        return text.ToString().TrimEnd('\n');
    }

    private static string Code(string text) => $"`{text}`";
}
