namespace Httpmq.Domain.Naming;

/// <summary>What subjects become when a stream rewrites or republishes them, such as <c>orders.{{wildcard(1)}}</c>.</summary>
public static class SubjectDestination
{
    /// <summary>
    /// All subjects that a destination may become: <c>{{wildcard(1)}}</c> and <c>$1</c> are one token each; what other functions make may
    /// have any number.
    /// </summary>
    public static string Widest(string destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var tokens = new List<string>();
        foreach (var token in destination.Split('.'))
        {
            var isReference = token.Length > 1 && token[0] is '$' && token.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;
            var isFunction = token.Contains("{{", StringComparison.Ordinal);
            if (isFunction && !IsCall(token, "WILDCARD("))
            {
                tokens.Add(">");
                break;
            }

            tokens.Add(isReference || isFunction ? "*" : token);
        }

        return string.Join('.', tokens);
    }

    /// <summary>
    /// What is wrong with a destination; null: nothing. It may become no subject of the broker: JetStream publishes there by itself, and
    /// such a message is a command.
    /// </summary>
    public static string? ReasonAgainst(string destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (destination.Length == 0)
        {
            return null;
        }

        // The number of a partition begins no subject of the broker.
        var first = destination.Split('.')[0];
        return IsCall(first, "PARTITION(") || !SubjectFilter.TryParse(Widest(destination), out var widest, out _)
            || widest.FindReserved() is not { } reserved
            ? null
            : $"may become a reserved subject ({reserved})";
    }

    private static bool IsCall(string token, string function) =>
        token.StartsWith("{{", StringComparison.Ordinal) && token.EndsWith(")}}", StringComparison.Ordinal)
        && token[2..^3].Trim().ToUpperInvariant() is var call
        && call.StartsWith(function, StringComparison.Ordinal)
        && call[function.Length..].All(static character => char.IsAsciiDigit(character) || character is ' ' or ',');
}
