using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>What is permitted by subject: what an allowing rule matches and no denying one does.</summary>
internal sealed class SubjectRules
{
    private readonly Entry[] _allow;
    private readonly Entry[] _deny;
    private readonly int _longest;

    /// <param name="rules">Rules and their patterns, filled in.</param>
    public SubjectRules(IReadOnlyCollection<(AccessRule Rule, string Pattern)> rules)
    {
        _allow = [.. rules.Where(static one => one.Rule.Allows).Select(Entry.Of)];
        _deny = [.. rules.Where(static one => !one.Rule.Allows).Select(Entry.Of)];
        _longest = _allow.Length == 0 ? 0 : _allow.Max(static entry => TokensOf(entry.Filter.Value));
    }

    /// <summary>Whether any subject is permitted.</summary>
    public bool PermitsSome => _allow.Length > 0 && !Array.Exists(_deny, static entry => entry.Filter.Value is ">");

    /// <summary>Decides about one literal subject. It allocates nothing.</summary>
    public AccessDecision Decide(string subject)
    {
        foreach (var entry in _deny)
        {
            if (entry.Filter.Covers(subject))
            {
                return new AccessDecision(IsPermitted: false, entry.Rule);
            }
        }

        var rule = FindCovering(subject);
        return new AccessDecision(rule is not null, rule);
    }

    /// <summary>
    /// Decides about all subjects that a filter matches: each must be permitted. It is exact: <c>a.*</c> and <c>a.*.&gt;</c> together
    /// permit <c>a.&gt;</c>.
    /// </summary>
    public AccessDecision DecideAll(SubjectFilter filter)
    {
        foreach (var entry in _deny)
        {
            if (entry.Filter.Overlaps(filter.Value))
            {
                return new AccessDecision(IsPermitted: false, entry.Rule);
            }
        }

        if (FindCovering(filter.Value) is { } rule)
        {
            return new AccessDecision(IsPermitted: true, rule);
        }

        return new AccessDecision(CoversTogether(filter.Value, out rule), rule);
    }

    /// <summary>
    /// Cuts the open end of a filter by length. A subject with tokens that no rule names is matched by a rule with wildcards in their
    /// places, and that rule then matches all of the piece: so each piece is covered by one rule, or not by all of them.
    /// </summary>
    private bool CoversTogether(string filter, out AccessRule? rule)
    {
        rule = null;
        if (!filter.EndsWith('>'))
        {
            return false;
        }

        var piece = filter[..^1] + "*";
        for (var length = TokensOf(piece); length <= _longest; length++, piece += ".*")
        {
            rule = FindCovering(piece);
            if (rule is null)
            {
                return false;
            }
        }

        rule = FindCovering(piece[..^1] + ">");
        return rule is not null;
    }

    private AccessRule? FindCovering(string subjects)
    {
        foreach (var entry in _allow)
        {
            if (entry.Filter.Covers(subjects))
            {
                return entry.Rule;
            }
        }

        return null;
    }

    private static int TokensOf(string subject) => subject.AsSpan().Count('.') + 1;

    private sealed record Entry(AccessRule Rule, SubjectFilter Filter)
    {
        public static Entry Of((AccessRule Rule, string Pattern) rule) =>
            SubjectFilter.TryParse(rule.Pattern, out var filter, out var reason)
                ? new Entry(rule.Rule, filter)
                : throw new ArgumentException($"'{rule.Pattern}' {reason}", nameof(rule));
    }
}
