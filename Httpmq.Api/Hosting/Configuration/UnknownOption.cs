using System.CommandLine;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>What to tell somebody about an option that does not exist: the one that was meant, or the key that does it.</summary>
internal static class UnknownOption
{
    // What other programs call it, and the name of the key that it is here.
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["port"] = SettingKeys.ListenPort,
        ["p"] = SettingKeys.ListenPort,
        ["http-port"] = SettingKeys.ListenPort,
        ["host"] = SettingKeys.ListenOn,
        ["listen"] = SettingKeys.ListenOn,
        ["bind"] = SettingKeys.ListenOn,
        ["addr"] = SettingKeys.ListenOn,
        ["address"] = SettingKeys.ListenOn,
        ["prefix"] = SettingKeys.PathPrefix,
        ["cors"] = SettingKeys.AllowedOrigins,
        ["nats"] = SettingKeys.NatsServerUri,
        ["nats-url"] = SettingKeys.NatsServerUri,
        ["nats-uri"] = SettingKeys.NatsServerUri,
        ["nats-server"] = SettingKeys.NatsServerUri,
        ["url"] = SettingKeys.NatsServerUri,
        ["uri"] = SettingKeys.NatsServerUri,
        ["server"] = SettingKeys.NatsServerUri,
        ["servers"] = SettingKeys.NatsServerUri,
    };

    /// <param name="option">As it was written, without its value.</param>
    /// <param name="mode">The mode of the command line; null when there is none.</param>
    /// <param name="options">Those that exist.</param>
    internal static string Describe(string option, RunMode? mode, IEnumerable<Option> options)
    {
        var word = option.TrimStart('-');
        if (!OtherNames.ContainsKey(word) && Spelling.Nearest(word, options.Select(known => known.Name)) is { } near)
        {
            return $"unknown option; did you mean {near}?";
        }

        return FindKey(word, mode) is { } key
            ? $"unknown option; the configuration has it: {key}, or the environment variable {SettingKeys.VariableOf(key)}"
            : "unknown option";
    }

    private static string? FindKey(string word, RunMode? mode)
    {
        var server = mode == RunMode.Dataplane ? SettingKeys.Dataplane : SettingKeys.Management;
        if (OtherNames.TryGetValue(word, out var named))
        {
            return named.StartsWith('.') ? server + named : named;
        }

        // The last part of a key, as it is: --listen-port, --drain-timeout-sec.
        var path = word.Replace('-', '_');
        return SettingKeys.FindKey(path)
            ?? SettingKeys.All.FirstOrDefault(key => key.EndsWith($".{path}", StringComparison.OrdinalIgnoreCase) && !IsOfOther(key, server));
    }

    private static bool IsOfOther(string key, string server) =>
        key.StartsWith(server is SettingKeys.Dataplane ? SettingKeys.Management : SettingKeys.Dataplane, StringComparison.Ordinal);
}
