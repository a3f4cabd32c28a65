using System.Buffers;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Httpmq.Infrastructure.EmbeddedNats;

namespace Httpmq.Api.Hosting.Configuration;

internal delegate bool TryParseSetting<T>(string text, [MaybeNullWhen(false)] out T value);

/// <summary>What a text must look like to become a value. <paramref name="Complaint"/> reads on after the refused text.</summary>
internal sealed record SettingRule<T>(string Complaint, TryParseSetting<T> TryParse);

/// <summary>Every rule for the value of a key or option, once.</summary>
internal static class SettingRules
{
    // The longest time that .NET's timers take is int.MaxValue milliseconds; a longer one would be accepted here and throw much later.
    private const int MaxSeconds = int.MaxValue / 1000;

    // RFC 9110, 5.6.2: the characters of a header's name.
    private static readonly SearchValues<char> HeaderCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // RFC 3986, 3.3: the characters of a path's segment, without % (routes are matched decoded) and * (it means something to routing).
    private static readonly SearchValues<char> PathCharacters =
        SearchValues.Create("-._~!$&'()+,;=:@0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly FrozenSet<string> NatsSchemes = FrozenSet.Create(StringComparer.Ordinal, "nats", "tls", "ws", "wss");

    internal static readonly SettingRule<LogLevel> Level = new("is not debug, info, warn or error", TryLevel);

    internal static readonly SettingRule<bool> Flag = new("is not true, false, 1 or 0", TryFlag);

    internal static readonly SettingRule<int> Port =
        new("is not a port (1 to 65535)", (string text, out int value) => TryInteger(text, 1, IPEndPoint.MaxPort, out value));

    internal static readonly SettingRule<int> Attempts = new(
        "is not a number of attempts (-1 for ever, or 0 and more)",
        (string text, out int value) => TryInteger(text, -1, int.MaxValue, out value));

    internal static readonly SettingRule<int> Count = new(
        $"is not a whole number (1 to {int.MaxValue})",
        (string text, out int value) => TryInteger(text, 1, int.MaxValue, out value));

    internal static readonly SettingRule<int> BytesOrNone = new(
        $"is not a number of bytes (0 for no limit of its own, or 1 to {int.MaxValue})",
        (string text, out int value) => TryInteger(text, 0, int.MaxValue, out value));

    internal static readonly SettingRule<long> Bytes = new(
        $"is not a number of bytes (1 to {long.MaxValue})",
        (string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value > 0);

    internal static readonly SettingRule<int> InflightRequests = new(
        $"is not a whole number (1 to {ushort.MaxValue + 1})",
        (string text, out int value) => TryInteger(text, 1, ushort.MaxValue + 1, out value));

    internal static readonly SettingRule<int> HeaderBytes = new(
        "is not a number of bytes (1024 to 1048576)",
        (string text, out int value) => TryInteger(text, 1024, 1024 * 1024, out value));

    internal static readonly SettingRule<TimeSpan> Seconds =
        new($"is not a whole number of seconds (1 to {MaxSeconds})", (string text, out TimeSpan value) => TrySeconds(text, 1, out value));

    internal static readonly SettingRule<TimeSpan?> Timeout =
        new($"is not a whole number of seconds (0 for none, or 1 to {MaxSeconds})", TryTimeout);

    internal static readonly SettingRule<string> NatsUri = new(
        "is not nats://host:port (or tls, ws, wss; several separated by commas)",
        TryNatsUri);

    internal static readonly SettingRule<IPAddress> Address = new("is not an IP address", TryAddress);

    internal static readonly SettingRule<string> Prefix = new("is not a path like / or /some/path", TryPrefix);

    internal static readonly SettingRule<string> HeaderName = new("is not the name of a header", TryHeaderName);

    internal static readonly SettingRule<IReadOnlySet<string>> HeaderNames = new("is not a list of names of headers", TryHeaderNames);

    internal static readonly SettingRule<IReadOnlySet<string>> Origins = new(
        "is not a list of origins like https://app.example.com or http://localhost:8080, without a path (or * for every page)",
        (string text, [MaybeNullWhen(false)] out IReadOnlySet<string> value) => TryList(text, NormalOrigin, out value));

    internal static readonly SettingRule<IReadOnlySet<string>> Hosts = new(
        "is not a list of hosts like mq.example.com or mq.example.com:3000 (or * for every host)",
        (string text, [MaybeNullWhen(false)] out IReadOnlySet<string> value) => TryList(text, NormalHost, out value));

    internal static readonly SettingRule<string> NotBlank = new("is empty", TryNotBlank);

    internal static readonly SettingRule<EmbeddedNatsSync> Sync = new(
        "is not 'default' (nats-server forces messages to the disk every 2 minutes) or 'always' (before it confirms each)",
        TrySync);

    private static bool TrySync(string text, out EmbeddedNatsSync value)
    {
        value = string.Equals(text, "always", StringComparison.OrdinalIgnoreCase) ? EmbeddedNatsSync.Always : EmbeddedNatsSync.Default;
        return value == EmbeddedNatsSync.Always || string.Equals(text, "default", StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryLevel(string text, out LogLevel value)
    {
        LogLevel? level = text.ToUpperInvariant() switch
        {
            "DEBUG" => LogLevel.Debug,
            "INFO" => LogLevel.Information,
            "WARN" => LogLevel.Warning,
            "ERROR" => LogLevel.Error,
            _ => null,
        };
        value = level.GetValueOrDefault();
        return level is not null;
    }

    private static bool TryFlag(string text, out bool value)
    {
        value = text is "1";
        return text is "1" or "0" || bool.TryParse(text, out value);
    }

    private static bool TryInteger(string text, int min, int max, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;

    private static bool TrySeconds(string text, int min, out TimeSpan value)
    {
        var valid = TryInteger(text, min, MaxSeconds, out var seconds);
        value = TimeSpan.FromSeconds(seconds);
        return valid;
    }

    private static bool TryTimeout(string text, out TimeSpan? value)
    {
        var valid = TrySeconds(text, 0, out var limit);
        value = limit == TimeSpan.Zero ? null : limit;
        return valid;
    }

    private static bool TryNatsUri(string text, [MaybeNullWhen(false)] out string value)
    {
        var servers = text.Split(',', StringSplitOptions.TrimEntries);
        value = string.Join(',', servers);
        return Array.TrueForAll(servers, IsNatsUri);
    }

    private static bool IsNatsUri(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && NatsSchemes.Contains(uri.Scheme) && uri.Host.Length > 0 && uri.Port != 0;

    // IPAddress also takes "1" (0.0.0.1), "0x7f.1" and "[::1]:3000", none of which is what somebody meant.
    private static bool TryAddress(string text, [MaybeNullWhen(false)] out IPAddress value) =>
        IPAddress.TryParse(text, out value)
        && (value.AddressFamily == AddressFamily.InterNetworkV6
            ? !text.StartsWith('[')
            : string.Equals(value.ToString(), text, StringComparison.Ordinal));

    private static bool TryPrefix(string text, [MaybeNullWhen(false)] out string value)
    {
        value = text.StartsWith('/') ? text : "/" + text;
        if (text is "/")
        {
            return true;
        }

        value = value.EndsWith('/') ? value[..^1] : value;
        return value.Length > 0 && Array.TrueForAll(value[1..].Split('/'), IsPathSegment);
    }

    // Servers and clients resolve . and .. before a route is matched.
    private static bool IsPathSegment(string segment) => segment is not ("" or "." or "..") && !segment.AsSpan().ContainsAnyExcept(PathCharacters);

    private static bool TryHeaderName(string text, [MaybeNullWhen(false)] out string value)
    {
        value = text.Trim();
        return value.Length > 0 && !value.AsSpan().ContainsAnyExcept(HeaderCharacters);
    }

    private static bool TryHeaderNames(string text, [MaybeNullWhen(false)] out IReadOnlySet<string> value)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        value = names.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        return Array.TrueForAll(names, name => TryHeaderName(name, out _));
    }

    private static bool TryList(string text, Func<string, string?> normalize, [MaybeNullWhen(false)] out IReadOnlySet<string> value)
    {
        var items = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(normalize).ToArray();
        value = items.Length == 0 ? FrozenSet<string>.Empty : items.OfType<string>().ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        return !items.Contains(value: null);
    }

    // As a browser writes it: no path, and no port where it is the scheme's own. "null" is every sandboxed page and is no origin here.
    private static string? NormalOrigin(string text) =>
        text is "*" ? text
        : Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && uri is { Host.Length: > 0, PathAndQuery: "/", Fragment: "", UserInfo: "" }
            ? uri.GetLeftPart(UriPartial.Authority)
            : null;

    private static string? NormalHost(string text) =>
        text is "*" || (Uri.TryCreate($"http://{text}", UriKind.Absolute, out var uri)
            && uri is { Host.Length: > 0, PathAndQuery: "/", Fragment: "", UserInfo: "" }
            && !text.EndsWith('/'))
            ? text
            : null;

    private static bool TryNotBlank(string text, [MaybeNullWhen(false)] out string value)
    {
        value = text;
        return !string.IsNullOrWhiteSpace(text);
    }
}
