using FluentValidation;
using FluentValidation.Results;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Validation;

/// <summary>What part of a list is asked for; null where nothing is said.</summary>
/// <param name="Name">Those whose name is of this pattern, <see cref="NamePattern"/>.</param>
/// <param name="Subject">Those that have to do with this subject, wildcards allowed.</param>
/// <param name="Offset">How many are left out at the beginning, in the order of names.</param>
/// <param name="Limit">How many are given at most.</param>
public sealed record ListQuery(string? Name = null, string? Subject = null, long? Offset = null, long? Limit = null)
{
    /// <summary>The whole list.</summary>
    public static ListQuery All { get; } = new();

    /// <summary>Whether anything is said.</summary>
    public bool IsGiven => Name is not null || Subject is not null || Offset is not null || Limit is not null;

    /// <summary>The part, of a valid query.</summary>
    public Page Page => new((int)(Offset ?? 0), (int?)Limit);

    /// <summary>Whether a name is of the pattern.</summary>
    public bool HasName(string name) => Name is null || new NamePattern(Name).Matches(name);
}

/// <summary>A list that somebody asked for.</summary>
/// <param name="Entries">The part of it that was asked for.</param>
/// <param name="Total">How many there would be without offset and limit.</param>
public sealed record Listed<T>(IReadOnlyList<T> Entries, long Total);

internal static class Lists
{
    /// <summary>The part of what is there that was asked for.</summary>
    public static Listed<T> Of<T>(IEnumerable<T> entries, ListQuery query, Func<T, string> nameOf)
    {
        var matching = entries.Where(entry => query.HasName(nameOf(entry))).ToArray();
        var ordered = query.IsGiven ? matching.OrderBy(nameOf, StringComparer.Ordinal) : matching.AsEnumerable();
        return new Listed<T>([.. query.Page.Of(ordered)], matching.Length);
    }
}

internal sealed class ListQueryValidator : AbstractValidator<ListQuery>
{
    public ListQueryValidator()
    {
        RuleFor(query => query.Subject).SubjectFilter("subject").When(query => query.Subject is not null);
        RuleFor(query => query.Offset).AtLeast("offset", 0).AtMost("offset", int.MaxValue);
        RuleFor(query => query.Limit).AtLeast("limit", 1).AtMost("limit", Page.MostEntries);
        RuleFor(query => query.Name).Custom(static (name, context) =>
        {
            if (name is { Length: 0 or > EntityName.MaxLength })
            {
                var reason = $"name: {Rules.Quote(name)} is not a pattern of 1 to {EntityName.MaxLength} characters, such as 'orders-*'";
                context.AddFailure(new ValidationFailure("name", reason, name));
            }
        });
    }
}
