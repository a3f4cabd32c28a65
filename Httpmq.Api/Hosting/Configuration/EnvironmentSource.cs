using System.Collections;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>The environment variables that override keys: <c>Httpmq__Nats__ServerUri</c> or <c>HTTPMQ__nats__server_uri</c>.</summary>
internal static class EnvironmentSource
{
    private const string Prefix = "Httpmq.";

    internal static SettingsSource Read(IDictionary environment, Catalogue catalogue, Reports reports)
    {
        var source = new SettingsSource();

        // Sorted, so that the same environment always gives the same answer.
        foreach (var variable in environment.Keys.OfType<string>().Order(StringComparer.Ordinal))
        {
            // Both separators of the framework; the colon only exists where a shell is not involved.
            var path = variable.Replace("__", ".", StringComparison.Ordinal).Replace(':', '.');
            if (!path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var text = environment[variable] as string ?? "";
            if (catalogue.Find(path[Prefix.Length..]) is not ({ } key, SettingKind.Value or SettingKind.Values))
            {
                reports.Unknown(variable, catalogue.FindMeant(path[Prefix.Length..]), "unknown environment variable");
            }
            else if (source.OriginOf(key) is not null)
            {
                reports.Warning(variable, $"names {key} once more, ignored");
            }
            else
            {
                AddLists(source, key, Origin(variable));
                source.Add(key, text, Origin(variable));
            }
        }

        return source;
    }

    // The framework's way to write a list: variables with an index. The lists that the key is in are there, too, and their items.
    private static void AddLists(SettingsSource source, string key, string origin)
    {
        for (var end = 1; end < key.Length; end++)
        {
            var list = key[..end];
            if ((key[end] is '[' || key[end - 1] is ']') && source.OriginOf(list) is null)
            {
                source.Add(list, "", origin);
            }
        }
    }

    private static string Origin(string variable) => $"in the environment variable {variable}";
}
