using System.Globalization;
using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Messages;

/// <summary>
/// When JetStream publishes a message later: the value of <c>Nats-Schedule</c>. The finer points of cron are left to JetStream.
/// </summary>
public static class MessageSchedule
{
    /// <summary>The shortest interval, in nanoseconds: 1 s.</summary>
    public const long ShortestInterval = 1_000_000_000;

    private const string At = "@at ";
    private const string Every = "@every ";
    private const int CronFields = 6;

    private const string Forms = "a schedule is '@at 2030-01-31T12:00:00Z', '@every 5m', '@hourly' (@daily, @weekly, @monthly, @yearly), "
        + "or cron with six fields, the first of them seconds";

    private static readonly HashSet<string> Names =
        new(StringComparer.Ordinal) { "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly" };

    /// <summary>Whether it is published more than once.</summary>
    public static bool IsRepeated(string text) => !text.StartsWith(At, StringComparison.Ordinal);

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? Validate(string text)
    {
        if (text.StartsWith(At, StringComparison.Ordinal))
        {
            return IsTime(text[At.Length..]) ? null : "has no time such as 2030-01-31T12:00:00Z (RFC 3339) after @at";
        }

        if (text.StartsWith(Every, StringComparison.Ordinal))
        {
            return DurationText.TryParse(text[Every.Length..], out var interval, out var reason)
                ? interval >= ShortestInterval ? null : "is more often than every second"
                : $"has an interval that {reason}";
        }

        return Names.Contains(text) || (!text.StartsWith('@') && text.Split(' ').Length == CronFields) ? null : $"is no schedule: {Forms}";
    }

    private static bool IsTime(string text) =>
        text.Length > 0 && (text[^1] is 'Z' || text.LastIndexOfAny(['+', '-']) is > 10) && text.Contains('T', StringComparison.Ordinal)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
}

/// <summary>How long a message is kept: the value of <c>Nats-TTL</c>.</summary>
public static class MessageTimeToLive
{
    /// <summary>The shortest, in nanoseconds: 1 s.</summary>
    public const long Shortest = 1_000_000_000;

    // What fits into 64 bits of nanoseconds: 292 years.
    private const long MostSeconds = long.MaxValue / Shortest;

    /// <summary>Nanoseconds, at least <see cref="Shortest"/>, as a value of the header. JetStream keeps whole seconds.</summary>
    public static string TextOf(long nanoseconds) => nanoseconds % Shortest == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / Shortest}s")
        : string.Create(CultureInfo.InvariantCulture, $"{nanoseconds}ns");

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? Validate(string text)
    {
        if (string.Equals(text, "never", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('0', '9'))
        {
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                && seconds is >= 1 and <= MostSeconds
                ? null
                : $"is not 1 to {MostSeconds} seconds";
        }

        return !DurationText.TryParse(text, out var length, out var reason)
            ? $"{reason}: a TTL is a number of seconds, text such as '30s' or '1h30m', or 'never'"
            : length >= Shortest ? null : "is shorter than 1 s";
    }
}
