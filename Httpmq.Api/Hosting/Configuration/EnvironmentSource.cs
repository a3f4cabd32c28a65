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
                ReportUnknown(variable, path[Prefix.Length..], catalogue, reports);
            }
            else if (source.OriginOf(key) is not null)
            {
                reports.Warning(variable, $"names {key} once more, ignored");
            }
            else
            {
                AddParents(source, key, catalogue, Origin(variable));
                source.Add(key, text, Origin(variable));
            }
        }

        return source;
    }

    // The framework's way to write a list: variables with an index. The lists that the key is in are there, too, and their items; so are
    // the sections that mean something by being there.
    private static void AddParents(SettingsSource source, string key, Catalogue catalogue, string origin)
    {
        for (var end = 1; end < key.Length; end++)
        {
            var parent = key[..end];
            if ((key[end] is '[' || key[end - 1] is ']' || (key[end] is '.' && catalogue.MarksPresence(parent)))
                && source.OriginOf(parent) is null)
            {
                source.Add(parent, "", origin);
            }
        }
    }

    private static void ReportUnknown(string variable, string path, Catalogue catalogue, Reports reports)
    {
        var meant = catalogue.FindMeant(path);
        if (catalogue.FindStrict(path) is { } section)
        {
            reports.Problem(variable, Catalogue.Unknown($"names no key of {section}", meant), Origin(variable));
            return;
        }

        reports.Unknown(variable, meant, "unknown environment variable");
    }

    private static string Origin(string variable) => $"in the environment variable {variable}";
}
