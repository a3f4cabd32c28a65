using System.Buffers;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Security.Authentication;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.EmbeddedNats;

namespace Httpmq.Api.Hosting.Configuration;

internal delegate bool TryParseSetting<T>(string text, [MaybeNullWhen(false)] out T value);

/// <summary>What a text must be to become a value.</summary>
/// <param name="Expected">Reads on after "is not" in an error, and stands alone in the documentation.</param>
/// <param name="TryParse">The value of a text, or false.</param>
internal sealed record SettingRule<T>(string Expected, TryParseSetting<T> TryParse)
{
    /// <summary>Reads on after the refused text.</summary>
    internal string Complaint { get; init; } = $"is not {Expected}";

    /// <summary>The refused text as it may be shown.</summary>
    internal Func<string, string> Display { get; init; } = static text => text;

    /// <summary>True for a list of values, which is one text separated by commas.</summary>
    internal bool IsList { get; init; }
}

/// <summary>Every rule for the value of a key or option, once.</summary>
internal static class SettingRules
{
    // The longest time that .NET's timers take is int.MaxValue milliseconds; a longer one would be accepted here and throw much later.
    private const int MaxSeconds = int.MaxValue / 1000;

    private const string Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    // RFC 9110, 5.6.2: the characters of a header's name.
    private static readonly SearchValues<char> HeaderCharacters = SearchValues.Create($"!#$%&'*+-.^_`|~{Letters}");

    // RFC 3986, 3.3: the characters of a path's segment, without % (routes are matched decoded) and * (it means something to routing).
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create($"-._~!$&'()+,;=:@{Letters}");

    private static readonly (string Name, LogLevel Level)[] Levels =
        [("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning), ("error", LogLevel.Error)];

    internal static readonly SettingRule<LogLevel> Level = Choice("debug, info, warn or error", Levels);

    internal static readonly SettingRule<bool> Flag =
        Choice("true, false, 1 or 0", ("true", true), ("false", false), ("1", true), ("0", false));

    internal static readonly SettingRule<int> Port = Number("a port (1 to 65535)", 1, IPEndPoint.MaxPort);

    internal static readonly SettingRule<int> Attempts = Number("a number of attempts (-1 for ever, or 0 and more)", -1, int.MaxValue);

    internal static readonly SettingRule<int> Count = Number($"a whole number (1 to {int.MaxValue})", 1, int.MaxValue);

    internal static readonly SettingRule<int> ConsumerCount = Number("a whole number (1 to 100000)", 1, 100_000);

    internal static readonly SettingRule<int> BytesOrNone =
        Number($"a number of bytes (0 for no limit of its own, or 1 to {int.MaxValue})", 0, int.MaxValue);

    internal static readonly SettingRule<long> Bytes = Number($"a number of bytes (1 to {long.MaxValue})", 1, long.MaxValue);

    internal static readonly SettingRule<int> InflightRequests =
        Number($"a whole number (1 to {ushort.MaxValue + 1})", 1, ushort.MaxValue + 1);

    internal static readonly SettingRule<int> HeaderBytes = Number("a number of bytes (1024 to 1048576)", 1024, 1024 * 1024);

    internal static readonly SettingRule<TimeSpan> Seconds = new(
        $"a whole number of seconds (1 to {MaxSeconds})",
        (string text, out TimeSpan value) => TrySeconds(text, out value) && value > TimeSpan.Zero);

    internal static readonly SettingRule<TimeSpan?> SecondsOrNone = new(
        $"a whole number of seconds (0 for none, or 1 to {MaxSeconds})",
        (string text, out TimeSpan? value) =>
        {
            var valid = TrySeconds(text, out var limit);
            value = limit > TimeSpan.Zero ? limit : null;
            return valid;
        });

    internal static readonly SettingRule<string> NatsUri =
        new("nats://host:port (or tls, ws, wss; several separated by commas)", TryNatsUri) { Display = WithoutCredentials };

    internal static readonly SettingRule<string> JetStreamDomain = new(
        "the name of a JetStream domain, without dots, wildcards and blanks",
        static (string text, [MaybeNullWhen(false)] out string value) =>
            IsLiteral(value = text) && !text.Contains('.', StringComparison.Ordinal));

    internal static readonly SettingRule<string> ApiPrefix = new(
        "a subject like $JS.API, without wildcards and without a dot at the end",
        static (string text, [MaybeNullWhen(false)] out string value) => IsLiteral(value = text));

    internal static readonly SettingRule<IPAddress> Address = new("an IP address", TryAddress);

    internal static readonly SettingRule<string> Prefix = new("a path like / or /some/path", TryPrefix);

    internal static readonly SettingRule<string> HeaderName = new("the name of a header", TryHeaderName);

    internal static readonly SettingRule<IReadOnlySet<string>> HeaderNames =
        List("a list of names of headers", name => TryHeaderName(name, out _) ? name : null);

    internal static readonly SettingRule<IReadOnlySet<string>> Origins = List(
        "a list of origins like https://app.example.com or http://localhost:8080, without a path (or * for every page)", NormalOrigin);

    internal static readonly SettingRule<IReadOnlySet<string>> Hosts =
        List("a list of hosts like mq.example.com or mq.example.com:3000 (or * for every host)", NormalHost);

    internal static readonly SettingRule<IReadOnlyList<IPNetwork>> Networks = new(
        "a list of IP addresses or networks like 10.0.0.0/8 or 2001:db8::/32", TryNetworks)
    { IsList = true };

    internal static readonly SettingRule<string> NotBlank = new(
        "a path, or the name of a program",
        (string text, [MaybeNullWhen(false)] out string value) => !string.IsNullOrWhiteSpace(value = text))
    { Complaint = "is empty" };

    internal static readonly SettingRule<string> FilePath = new("the path of a file", NotBlank.TryParse) { Complaint = "is empty" };

    internal static readonly SettingRule<string> SecretText = new(
        "a text that is not empty",
        (string text, [MaybeNullWhen(false)] out string value) => (value = text).Length > 0)
    { Complaint = "is empty", Display = static _ => "" };

    internal static readonly SettingRule<string> UserName = new(
        "a name", (string text, [MaybeNullWhen(false)] out string value) => (value = text).Length > 0)
    { Complaint = "is empty" };

    internal static readonly SettingRule<NatsTlsMode> TlsMode = Choice(
        "'auto' (with tls:// or a certificate always, else when the server offers it), 'require' (always) or 'first' (always, from the "
        + "first byte on)",
        ("auto", NatsTlsMode.Auto), ("require", NatsTlsMode.Require), ("first", NatsTlsMode.First));

    internal static readonly SettingRule<SslProtocols> TlsVersion = Choice(
        "1.2 or 1.3", ("1.2", SslProtocols.Tls12 | SslProtocols.Tls13), ("1.3", SslProtocols.Tls13));

    internal static readonly SettingRule<EmbeddedNatsSync> Sync = Choice(
        "'default' (nats-server forces messages to the disk every 2 minutes) or 'always' (before it confirms each)",
        ("default", EmbeddedNatsSync.Default),
        ("always", EmbeddedNatsSync.Always));

    /// <summary>The level as the configuration writes it.</summary>
    internal static string NameOf(LogLevel level) => Array.Find(Levels, one => one.Level == level).Name;

    /// <summary>Replaces what stands before the @ of each URI (user, password, token) by <c>***</c>, also where the URI is wrong.</summary>
    internal static string WithoutCredentials(string uris) => string.Join(',', uris.Split(',').Select(HideUser));

    // Up to the last @: a password with an @ in it that should have been escaped is still a password.
    private static string HideUser(string uri)
    {
        var at = uri.LastIndexOf('@');
        var scheme = uri.IndexOf("://", StringComparison.Ordinal);
        return at < 0 ? uri : string.Concat(scheme >= 0 && scheme < at ? uri[..(scheme + 3)] : "", "***", uri[at..]);
    }

    private static SettingRule<T> Number<T>(string expected, T min, T max)
        where T : struct, IBinaryInteger<T>
        => new(expected, (string text, out T value) => TryNumber(text, min, max, out value));

    private static SettingRule<T> Choice<T>(string expected, params (string Name, T Value)[] choices) =>
        new(expected, (string text, [MaybeNullWhen(false)] out T value) =>
        {
            var index = Array.FindIndex(choices, choice => string.Equals(choice.Name, text, StringComparison.OrdinalIgnoreCase));
            value = index < 0 ? default : choices[index].Value;
            return index >= 0;
        });

    private static SettingRule<IReadOnlySet<string>> List(string expected, Func<string, string?> normalize)
    {
        return new(expected, TryList) { IsList = true };

        bool TryList(string text, [MaybeNullWhen(false)] out IReadOnlySet<string> value)
        {
            var items = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(normalize).ToArray();
            value = items.Length == 0 ? FrozenSet<string>.Empty : items.OfType<string>().ToFrozenSet(StringComparer.OrdinalIgnoreCase);
            return !items.Contains(value: null);
        }
    }

    private static bool TryNumber<T>(string text, T min, T max, out T value)
        where T : struct, IBinaryInteger<T>
        => T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;

    private static bool IsLiteral(string subject) =>
        SubjectFilter.TryParse(subject, out _, out _) && subject.AsSpan().IndexOfAny('*', '>') < 0;

    private static bool TrySeconds(string text, out TimeSpan value)
    {
        var valid = TryNumber(text, 0, MaxSeconds, out var seconds);
        value = TimeSpan.FromSeconds(seconds);
        return valid;
    }

    private static bool TryNatsUri(string text, [MaybeNullWhen(false)] out string value)
    {
        var servers = text.Split(',', StringSplitOptions.TrimEntries);
        value = string.Join(',', servers);
        return Array.TrueForAll(servers, IsNatsUri);
    }

    private static bool IsNatsUri(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri is { Scheme: "nats" or "tls" or "ws" or "wss", Host.Length: > 0, Port: not 0 };

    // IPAddress also takes "1" (0.0.0.1), "0x7f.1" and "[::1]:3000", none of which is what somebody meant.
    private static bool TryAddress(string text, [MaybeNullWhen(false)] out IPAddress value) =>
        IPAddress.TryParse(text, out value)
        && (value.AddressFamily == AddressFamily.InterNetworkV6
            ? !text.StartsWith('[')
            : string.Equals(value.ToString(), text, StringComparison.Ordinal));

    private static bool TryNetworks(string text, [MaybeNullWhen(false)] out IReadOnlyList<IPNetwork> value)
    {
        var networks = new List<IPNetwork>();
        value = [];
        foreach (var item in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (TryAddress(item, out var address))
            {
                networks.Add(new IPNetwork(address, address.AddressFamily is AddressFamily.InterNetwork ? 32 : 128));
            }
            else if (IPNetwork.TryParse(item, out var network))
            {
                networks.Add(network);
            }
            else
            {
                return false;
            }
        }

        // One and the same where there is none: settings are compared.
        if (networks.Count > 0)
        {
            value = networks;
        }

        return true;
    }

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
    private static bool IsPathSegment(string segment) =>
        segment is not ("" or "." or "..") && !segment.AsSpan().ContainsAnyExcept(PathCharacters);

    private static bool TryHeaderName(string text, [MaybeNullWhen(false)] out string value)
    {
        value = text.Trim();
        return value.Length > 0 && !value.AsSpan().ContainsAnyExcept(HeaderCharacters);
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
}
