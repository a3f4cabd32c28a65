using System.Globalization;
using Httpmq.Api.RateLimits;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>The keys of the section <c>rate_limits</c>. Nothing is limited when it is not there.</summary>
internal static class RateLimitDeclaration
{
    internal const string Section = "rate_limits";

    private const string PermitsText = "how many come each second; a request takes one, and one for each further record that it brings";

    private const double Fewest = 0.001;
    private const double Most = 1_000_000;

    private static readonly SettingRule<double> Permits = new(
        "a number (0.001 to 1000000)",
        static (string text, out double value) =>
            double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value)
            && value is >= Fewest and <= Most);

    private static readonly SettingRule<int?> Burst = new(
        $"a whole number (1 to {int.MaxValue})",
        static (string text, out int? value) =>
        {
            value = null;
            if (text.Length == 0)
            {
                return true;
            }

            var valid = SettingRules.Count.TryParse(text, out var count);
            value = count;
            return valid;
        });

    internal static RateLimitSettings? Read(SettingsSection root) => root.Strict(Section, static limits => new RateLimitSettings
    {
        PerPrincipal = limits.Strict("per_principal", ReadRate),
        Principals = limits.Named("principals", "rates of their own, by the name of the principal, instead of `per_principal`", ReadRate),
        PerAddress = limits.Strict("per_address", ReadRate),
        FailedLogins = limits.Strict("failed_logins_per_address", ReadRate),
    });

    private static Rate ReadRate(SettingsSection rate)
    {
        var permits = rate.Required("permits_per_second", Permits, PermitsText);
        var burst = rate.Value(
            "burst", "", Burst, "how many there are at most, and at first", "as many as come in a second, at least 1");
        return new Rate(permits, burst ?? Math.Max(1, (int)Math.Ceiling(permits)));
    }
}
