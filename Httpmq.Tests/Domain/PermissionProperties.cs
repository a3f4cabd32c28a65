using FsCheck;
using FsCheck.Fluent;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Fuzz;

namespace Httpmq.Tests.Domain;

/// <summary>
/// Permissions against the sets of subjects and names that their patterns stand for, which are counted out here one by one.
/// </summary>
internal sealed class PermissionProperties
{
    // Rules use two tokens: the third stands for every token that no rule names. Two tokens longer than any rule.
    private static readonly string[] Subjects = [.. Sequences(["a", "b", "c"], 5)];
    private static readonly string[] Filters =
        [.. Sequences(["a", "b", "*"], 3), ">", .. Sequences(["a", "b", "*"], 2).Select(static head => $"{head}.>")];

    private static readonly string[] Names = ["", "a", "b", "aa", "ab", "ba", "aba", "abba", "c"];
    private static readonly string[] NamePatterns = ["*", "a", "b", "a*", "*a", "*b*", "a*a", "ab*", "c"];

    private static readonly Gen<(string Pattern, bool Allows)[]> SubjectRules =
        Gen.Elements(Filters).Zip(Gen.Frequency((4, Gen.Constant(true)), (1, Gen.Constant(false)))).ArrayOf().Resize(6)
            .Select(static rules => rules.Select(static rule => (rule.Item1, rule.Item2)).ToArray());

    private static readonly Gen<(string Pattern, bool Allows)[]> ConsumerRules =
        Gen.Elements(NamePatterns).Zip(Gen.Elements(NamePatterns), static (stream, consumer) => $"{stream}/{consumer}")
            .Zip(Gen.Frequency((4, Gen.Constant(true)), (1, Gen.Constant(false)))).ArrayOf().Resize(6)
            .Select(static rules => rules.Select(static rule => (rule.Item1, rule.Item2)).ToArray());

    [FuzzRun.Property(300)]
    public Property Subject_AnyRules_IsPermittedWhereOneAllowsAndNoneDenies() => Prop.ForAll(SubjectRules.ToArbitrary(), rules =>
    {
        var permissions = Permissions(Right.Publish, rules);
        return Subjects.All(subject => permissions.Publish(SubjectOf(subject)) == IsPermitted(rules, rule => Matches(rule, subject)));
    });

    [FuzzRun.Property(300)]
    public Property Filter_AnyRules_IsPermittedWhereAllThatItMatchesIs() => Prop.ForAll(SubjectRules.ToArbitrary(), rules =>
    {
        var permissions = Permissions(Right.Read, rules);
        var permitted = Subjects.Where(subject => IsPermitted(rules, rule => Matches(rule, subject))).ToHashSet(StringComparer.Ordinal);
        return Filters.All(filter => permissions.ReadAll(FilterOf(filter))
            == Subjects.Where(subject => Matches(filter, subject)).All(permitted.Contains))
            && permissions.ReadsAll == (permitted.Count == Subjects.Length);
    });

    [FuzzRun.Property(300)]
    public Property Consumer_AnyRules_IsPermittedWhereOneAllowsAndNoneDenies() => Prop.ForAll(ConsumerRules.ToArbitrary(), rules =>
    {
        var permissions = Permissions(Right.Consume, rules);
        return Names.All(stream => Names.All(consumer =>
            permissions.Consume(StreamName.OfExisting(stream), ConsumerName.OfExisting(consumer))
            == IsPermitted(rules, rule => IsName(rule.Split('/')[0], stream) && IsName(rule.Split('/')[1], consumer))));
    });

    [FuzzRun.Property(300)]
    public Property Consumers_OneIsPermitted_SomeOfTheirStreamAre() => Prop.ForAll(ConsumerRules.ToArbitrary(), rules =>
    {
        var permissions = Permissions(Right.Consume, rules);
        return Names.All(stream => permissions.ConsumesSome(StreamName.OfExisting(stream)) || Names.All(consumer =>
            !permissions.Consume(StreamName.OfExisting(stream), ConsumerName.OfExisting(consumer))));
    });

    private static PermissionSet Permissions(Right right, IEnumerable<(string Pattern, bool Allows)> rules) =>
        new("p", rules.Select(rule => new AccessRule(right, rule.Allows, rule.Pattern, "here")));

    private static bool IsPermitted(IReadOnlyCollection<(string Pattern, bool Allows)> rules, Func<string, bool> matches) =>
        rules.Any(rule => rule.Allows && matches(rule.Pattern)) && !rules.Any(rule => !rule.Allows && matches(rule.Pattern));

    private static bool Matches(string pattern, string subject)
    {
        var (wanted, given) = (pattern.Split('.'), subject.Split('.'));
        var open = wanted[^1] is ">";
        return (open ? given.Length >= wanted.Length : given.Length == wanted.Length)
            && wanted.Zip(given).All(static pair => pair.First is "*" or ">" || pair.First == pair.Second);
    }

    private static bool IsName(string pattern, string name) => pattern switch
    {
        "" => name.Length == 0,
        ['*', .. var rest] => Enumerable.Range(0, name.Length + 1).Any(start => IsName(rest, name[start..])),
        _ => name.Length > 0 && name[0] == pattern[0] && IsName(pattern[1..], name[1..]),
    };

    private static IEnumerable<string> Sequences(string[] tokens, int longest) =>
        longest == 1 ? tokens : Sequences(tokens, longest - 1) is var shorter
            ? shorter.Concat(shorter.Where(one => one.Split('.').Length == longest - 1)
                .SelectMany(one => tokens.Select(token => $"{one}.{token}")))
            : [];

    private static Subject SubjectOf(string text) => Subject.TryParse(text, out var subject, out var reason)
        ? subject
        : throw new InvalidOperationException(reason);

    private static SubjectFilter FilterOf(string text) => SubjectFilter.TryParse(text, out var filter, out var reason)
        ? filter
        : throw new InvalidOperationException(reason);
}
