using System.Globalization;

namespace Httpmq.Domain.Limits;

/// <summary>A duration as a client gave it.</summary>
/// <param name="Nanoseconds">How long.</param>
/// <param name="HasUnit">Whether it was text with a unit, such as "30s"; a number is nanoseconds.</param>
public readonly record struct GivenDuration(long Nanoseconds, bool HasUnit = false)
{
    // The seconds of a day: who writes a number up to this one most likely means seconds.
    private const long MostSeconds = 86_400;

    public static implicit operator GivenDuration(long nanoseconds) => new(nanoseconds);

    /// <summary>Whether it was probably meant in seconds.</summary>
    public bool LooksLikeSeconds => !HasUnit && Nanoseconds is > 0 and <= MostSeconds;

    /// <summary>Nanoseconds, and the same in the unit that somebody would write.</summary>
    public static string Describe(long nanoseconds) => nanoseconds switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds} ns"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds} ns ({nanoseconds / 1_000m:0.###} us)"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds} ns ({nanoseconds / 1_000_000m:0.######} ms)"),
    };
}
