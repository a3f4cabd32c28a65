namespace Httpmq.Api.Http;

/// <summary>Guesses which known name a mistyped one stands for.</summary>
internal static class Spelling
{
    private const int LongestWord = 64;

    /// <summary>The nearest of the known names, or null when none is near. Case, hyphens and underscores do not count.</summary>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        var (best, least) = ((string?)null, int.MaxValue);
        foreach (var name in known)
        {
            if (Distance(word, name) is { } distance && distance < least)
            {
                (best, least) = (name, distance);
            }
        }

        return best;
    }

    /// <summary>
    /// Edits from one to the other, or null when they are too many to be a slip. A plural or the start of a name is one edit.
    /// </summary>
    public static int? Distance(string word, string name)
    {
        var (one, other) = (Normalize(word), Normalize(name));
        if (one.Length is 0 or > LongestWord)
        {
            return null;
        }

        if (one.Length >= 2 && other.StartsWith(one, StringComparison.Ordinal))
        {
            return Math.Min(1, other.Length - one.Length);
        }

        var edits = Edits(one, other);
        return edits <= Math.Max(1, Math.Min(one.Length, other.Length) / 3) ? edits : null;
    }

    private static string Normalize(string word) =>
        string.Concat(word.Where(static character => character is not ('-' or '_'))).ToUpperInvariant();

    /// <summary>
    /// Letters to add, drop or change, two swapped neighbours counting as one: Levenshtein's distance with Damerau's addition.
    /// </summary>
    public static int Edits(string one, string other)
    {
        var (before, previous, current) = (new int[other.Length + 1], new int[other.Length + 1], new int[other.Length + 1]);
        for (var column = 0; column <= other.Length; column++)
        {
            previous[column] = column;
        }

        for (var row = 1; row <= one.Length; row++)
        {
            current[0] = row;
            for (var column = 1; column <= other.Length; column++)
            {
                var replaced = previous[column - 1] + (one[row - 1] == other[column - 1] ? 0 : 1);
                current[column] = Math.Min(replaced, Math.Min(previous[column], current[column - 1]) + 1);
                if (row > 1 && column > 1 && one[row - 1] == other[column - 2] && one[row - 2] == other[column - 1])
                {
                    current[column] = Math.Min(current[column], before[column - 2] + 1);
                }
            }

            (before, previous, current) = (previous, current, before);
        }

        return previous[other.Length];
    }
}
