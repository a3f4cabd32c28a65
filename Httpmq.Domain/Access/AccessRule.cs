using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>What a rule permits or denies.</summary>
public enum Right
{
    /// <summary>To publish, by subject.</summary>
    Publish,

    /// <summary>To read what is stored without a consumer, by subject.</summary>
    Read,

    /// <summary>To receive and settle what a consumer delivers, by <c>STREAM/CONSUMER</c>.</summary>
    Consume,

    /// <summary>To define, change and delete a stream and its consumers, by the stream's name.</summary>
    Admin,
}

/// <summary>One line of a role.</summary>
/// <param name="Right">What it is about.</param>
/// <param name="Allows">Whether it permits; else it denies, which counts more.</param>
/// <param name="Pattern">
/// A subject with NATS's wildcards, or names in which <c>*</c> stands for any characters. <see cref="Placeholder"/> is the name of the
/// principal.
/// </param>
/// <param name="Origin">Where it is written, for people.</param>
public sealed record AccessRule(Right Right, bool Allows, string Pattern, string Origin)
{
    /// <summary>Stands for the name of the principal.</summary>
    public const string Placeholder = "${name}";

    /// <summary>Whether it means something else for each principal.</summary>
    public bool HasPlaceholder => Pattern.Contains(Placeholder, StringComparison.Ordinal);

    /// <summary>What is wrong with a pattern; null: nothing.</summary>
    public static string? ReasonAgainst(Right right, string pattern)
    {
        var filled = pattern.Replace(Placeholder, "x", StringComparison.Ordinal);
        if (right is Right.Publish or Right.Read)
        {
            return !SubjectFilter.TryParse(filled, out _, out var reason) ? reason
                : filled.Split('.').FirstOrDefault(IsMisspeltPlaceholder) is { } token
                    ? $"has the token '{token}'; the one placeholder is {Placeholder}"
                : null;
        }

        var names = filled.Split('/');
        return (right, names.Length) switch
        {
            (Right.Consume, not 2) => "is not STREAM/CONSUMER, such as ORDERS/w-*",
            (Right.Admin, not 1) => "is not the name of a stream, * for any characters",
            _ when !Array.TrueForAll(names, IsNamePattern) =>
                $"has a name that is not {EntityName.Rule}, with * for any characters",
            _ => null,
        };
    }

    // As a literal it would match nothing, and a denial would deny nothing. NATS's own subjects begin with a $ and capitals, as $KV.
    private static bool IsMisspeltPlaceholder(string token) =>
        token.AsSpan().ContainsAny('{', '}')
        || (token.LastIndexOf('$') is var at and >= 0
            && (at > 0 || token.Length is 1 || token.AsSpan(1).ContainsAnyExceptInRange('A', 'Z')));

    private static bool IsNamePattern(string name) => EntityName.IsValid(name.Replace('*', 'x'));
}
