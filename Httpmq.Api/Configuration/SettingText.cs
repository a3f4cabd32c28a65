namespace Httpmq.Api.Configuration;

/// <summary>How a value that somebody wrote appears in a line that somebody else may read.</summary>
internal static class SettingText
{
    private const int MaxLength = 120;

    /// <summary>The value in quotes, of bearable length.</summary>
    internal static string Quote(string value) => value.Length > MaxLength ? $"'{value[..MaxLength]}...'" : $"'{value}'";

    /// <summary>The text on one line that a terminal can show: control characters are escaped.</summary>
    internal static string OneLine(string text) =>
        string.Concat(text.Select(character => char.IsControl(character) ? $"\\u{(int)character:x4}" : $"{character}"));

    /// <summary>Replaces what stands before the @ of each URI (a user, a password, a token) by <c>***</c>, also where the URI is wrong.</summary>
    internal static string WithoutCredentials(string uris) => string.Join(',', uris.Split(',').Select(HideUser));

    // Up to the last @: a password with an @ in it that should have been escaped is still a password.
    private static string HideUser(string uri)
    {
        var at = uri.LastIndexOf('@');
        var scheme = uri.IndexOf("://", StringComparison.Ordinal);
        return at < 0 ? uri : string.Concat(scheme >= 0 && scheme < at ? uri[..(scheme + 3)] : "", "***", uri[at..]);
    }
}
