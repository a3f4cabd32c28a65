namespace Httpmq.Domain.Naming;

/// <summary>A pattern of names: <c>*</c> stands for any characters, also none; all else for itself. Case counts.</summary>
/// <param name="text">The pattern.</param>
public sealed class NamePattern(string text)
{
    private readonly string[] _parts = text.Split('*');

    /// <summary>Whether the whole name is one of the pattern.</summary>
    public bool Matches(ReadOnlySpan<char> name)
    {
        if (_parts is [var whole])
        {
            return name.SequenceEqual(whole);
        }

        if (!name.StartsWith(_parts[0], StringComparison.Ordinal))
        {
            return false;
        }

        // The first place of each part is the best one.
        var rest = name[_parts[0].Length..];
        foreach (var part in _parts.AsSpan(1, _parts.Length - 2))
        {
            var at = rest.IndexOf(part, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            rest = rest[(at + part.Length)..];
        }

        return rest.EndsWith(_parts[^1], StringComparison.Ordinal);
    }
}
