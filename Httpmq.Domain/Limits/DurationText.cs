using System.Buffers;
using System.Globalization;

namespace Httpmq.Domain.Limits;

/// <summary>Durations as text, as Go writes them and NATS's tools take them: numbers with units, one after the other.</summary>
public static class DurationText
{
    private static readonly SearchValues<char> Number = SearchValues.Create("0123456789.");

    /// <summary>The texts that are taken, as a regular expression.</summary>
    public const string Pattern = "^(0|([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$";

    // Longer ones first: "ms" is no "m" with something behind it.
    private static readonly (string Unit, long Nanoseconds)[] Units =
    [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];

    /// <summary>Reads a duration.</summary>
    /// <param name="text">For example <c>1h30m</c>, <c>250ms</c>, <c>1.5s</c>, <c>0</c>.</param>
    /// <param name="nanoseconds">The duration.</param>
    /// <param name="reason">What is wrong with the text, null when nothing is.</param>
    public static bool TryParse(string text, out long nanoseconds, out string? reason)
    {
        nanoseconds = 0;
        reason = text switch
        {
            "" => "is empty",
            "0" => null,
            ['-', ..] => "is negative",
            _ => Sum(text, out nanoseconds),
        };
        return reason is null;
    }

    private static string? Sum(ReadOnlySpan<char> rest, out long nanoseconds)
    {
        nanoseconds = 0;
        var sum = 0m;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Number);
            if (digits < 0)
            {
                return "has a number without a unit";
            }

            if (digits is 0 or > 25
                || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return "is no duration";
            }

            rest = rest[digits..];
            if (!TakeUnit(ref rest, out var unit))
            {
                return rest[0] is 'd' or 'w' ? $"has the unit '{rest[0]}', which is not taken: a day is \"24h\"" : "has an unknown unit";
            }

            // Decimals hold 28 digits; a number of 25 in hours is beyond them and beyond all.
            if (number > long.MaxValue / unit + 1m || (sum += decimal.Truncate(number * unit)) > long.MaxValue)
            {
                return "is longer than 292 years";
            }
        }

        nanoseconds = (long)sum;
        return null;
    }

    private static bool TakeUnit(ref ReadOnlySpan<char> rest, out long nanoseconds)
    {
        foreach (var (unit, length) in Units)
        {
            if (rest.StartsWith(unit, StringComparison.Ordinal) && (unit is not "m" || rest is not ['m', 's', ..]))
            {
                rest = rest[unit.Length..];
                nanoseconds = length;
                return true;
            }
        }

        nanoseconds = 0;
        return false;
    }
}
