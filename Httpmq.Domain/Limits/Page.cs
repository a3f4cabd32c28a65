namespace Httpmq.Domain.Limits;

/// <summary>A part of a list.</summary>
/// <param name="Offset">How many entries are left out at the beginning; never negative: that ends nats-servers before 2.11.15.</param>
/// <param name="Limit">How many are given at most; null: all.</param>
public readonly record struct Page(int Offset, int? Limit)
{
    /// <summary>The most entries that may be asked for at once.</summary>
    public const int MostEntries = 10_000;

    /// <summary>The whole list.</summary>
    public static Page Whole { get; } = new(0, Limit: null);

    /// <summary>This part of the entries.</summary>
    public IEnumerable<T> Of<T>(IEnumerable<T> entries)
    {
        var rest = entries.Skip(Offset);
        return Limit is { } limit ? rest.Take(limit) : rest;
    }
}
