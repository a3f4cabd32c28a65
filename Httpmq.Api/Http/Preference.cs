using System.Globalization;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Http;

/// <summary>
/// <c>Prefer: wait=30</c>, RFC 7240: how many seconds a client is prepared to wait. A wish: one that cannot be read is passed over.
/// </summary>
internal static class Preference
{
    // A pull waits no longer; who wishes for more gets that.
    private const int Longest = 60;

    /// <summary>The time; null where the headers name none.</summary>
    public static GivenDuration? WaitOf(IHeaderDictionary headers)
    {
        foreach (var preference in headers["Prefer"].SelectMany(static value => (value ?? string.Empty).Split(',', ';')))
        {
            var parts = preference.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts.Length == 2
                && string.Equals(parts[0], "wait", StringComparison.OrdinalIgnoreCase)
                && uint.TryParse(parts[1].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return new GivenDuration(Math.Min(seconds, Longest) * 1_000_000_000L, HasUnit: true);
            }
        }

        return null;
    }

    /// <summary>What the answer tells of it.</summary>
    public static string Applied(GivenDuration wait) =>
        string.Create(CultureInfo.InvariantCulture, $"wait={wait.Nanoseconds / 1_000_000_000}");
}
