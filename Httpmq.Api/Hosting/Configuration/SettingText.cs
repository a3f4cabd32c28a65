namespace Httpmq.Api.Hosting.Configuration;

/// <summary>Settings as they may be shown.</summary>
internal static class SettingText
{
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
