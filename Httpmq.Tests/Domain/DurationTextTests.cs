using System.Globalization;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Domain.Limits;
using Httpmq.Tests.Fuzz;

namespace Httpmq.Tests.Domain;

/// <summary>Durations as text.</summary>
internal sealed class DurationTextTests
{
    private static readonly Dictionary<string, long> Units = new(StringComparer.Ordinal)
    {
        ["ns"] = 1,
        ["us"] = 1_000,
        ["µs"] = 1_000,
        ["ms"] = 1_000_000,
        ["s"] = 1_000_000_000,
        ["m"] = 60_000_000_000,
        ["h"] = 3_600_000_000_000,
    };

    [TestCase("0", 0)]
    [TestCase("0s", 0)]
    [TestCase("250ms", 250_000_000)]
    [TestCase("30s", 30_000_000_000)]
    [TestCase("1h30m", 5_400_000_000_000)]
    [TestCase("1.5s", 1_500_000_000)]
    [TestCase("1m1ms", 60_001_000_000)]
    [TestCase("9223372036854775807ns", long.MaxValue)]
    [TestCase("2562047h47m16.854775807s", long.MaxValue)]
    public void TryParse_Duration_IsRead(string text, long expected)
    {
        var read = DurationText.TryParse(text, out var nanoseconds, out var reason);
        Assert.That((read, nanoseconds, reason), Is.EqualTo((true, expected, (string?)null)));
        Assert.That(text, Does.Match(DurationText.Pattern));
    }

    [TestCase("", "is empty")]
    [TestCase("30", "without a unit")]
    [TestCase("1h30", "without a unit")]
    [TestCase("-5s", "negative")]
    [TestCase("1d", "a day is \"24h\"")]
    [TestCase("2w", "a day is \"24h\"")]
    [TestCase("5 m", "unknown unit")]
    [TestCase("5M", "unknown unit")]
    [TestCase("5sec", "is no duration")]
    [TestCase("s", "is no duration")]
    [TestCase("1.2.3s", "is no duration")]
    [TestCase(" 1s", "is no duration")]
    [TestCase("9223372036854775808ns", "292 years")]
    [TestCase("9999999999999999999999h", "292 years")]
    [TestCase("2562048h", "292 years")]
    [TestCase("99999999999999999999999999999999999999s", "is no duration")]
    public void TryParse_Else_IsRefusedWithTheReason(string text, string expected)
    {
        var read = DurationText.TryParse(text, out _, out var reason);
        Assert.That(read, Is.False);
        Assert.That(reason, Does.Contain(expected));
    }

    [FuzzRun.Property]
    public Property TryParse_SumOfParts_IsTheirSum() => Prop.ForAll(
        Gen.Zip(Gen.Choose(0, 100_000), Gen.Elements(Units.Keys.ToArray())).NonEmptyListOf().Resize(6).ToArbitrary(),
        parts =>
        {
            var text = string.Concat(parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Item1}{part.Item2}")));
            var read = DurationText.TryParse(text, out var nanoseconds, out _);
            return read && nanoseconds == parts.Sum(part => part.Item1 * Units[part.Item2])
                && Regex.IsMatch(text, DurationText.Pattern, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        });
}
