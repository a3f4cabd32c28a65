using System.Collections;
using System.Globalization;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>The environment variables that override keys: <c>Httpmq__Nats__ServerUri</c> or <c>HTTPMQ__nats__server_uri</c>.</summary>
internal static class EnvironmentLayer
{
    private const string Prefix = "Httpmq.";

    internal static SettingsLayer Read(IDictionary environment, Findings findings)
    {
        var layer = new SettingsLayer();
        var lists = new SortedDictionary<string, List<(int Index, string Text, string Variable)>>(StringComparer.Ordinal);

        // Sorted, so that the same environment always gives the same answer.
        var variables = environment.Keys.OfType<string>().Order(StringComparer.Ordinal);
        foreach (var variable in variables)
        {
            // Both separators of the framework; the colon only exists where a shell is not involved.
            var path = variable.Replace("__", ".", StringComparison.Ordinal).Replace(':', '.');
            if (!path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            path = path[Prefix.Length..];
            var text = environment[variable] as string ?? "";
            if (SettingKeys.FindKey(path) is not { } key)
            {
                if (!TryReadItem(path, text, variable, lists))
                {
                    findings.Unknown(variable, path, "unknown environment variable");
                }
            }
            else if (layer.Contains(key))
            {
                findings.Warning(variable, $"names {key} once more, ignored");
            }
            else
            {
                layer.Add(key, text, Origin(variable));
            }
        }

        foreach (var (key, items) in lists.Where(list => !layer.Contains(list.Key)))
        {
            layer.Add(key, string.Join(',', items.OrderBy(item => item.Index).Select(item => item.Text)), Origin(items[0].Variable));
        }

        return layer;
    }

    // The framework's way to write a list: one variable for each item, which ends in its index.
    private static bool TryReadItem(
        string path, string text, string variable, SortedDictionary<string, List<(int Index, string Text, string Variable)>> lists)
    {
        var dot = path.LastIndexOf('.');
        if (dot < 0
            || !int.TryParse(path[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            || SettingKeys.FindKey(path[..dot]) is not { } key
            || !SettingKeys.IsList(key))
        {
            return false;
        }

        if (!lists.TryGetValue(key, out var items))
        {
            lists[key] = items = [];
        }

        items.Add((index, text, variable));
        return true;
    }

    private static string Origin(string variable) => $"in the environment variable {variable}";
}
