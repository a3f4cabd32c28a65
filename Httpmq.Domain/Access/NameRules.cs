using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>What is permitted by the names of a stream and, where rules name one, of its consumer.</summary>
internal sealed class NameRules
{
    private const string Any = "*";

    private readonly Entry[] _allow;
    private readonly Entry[] _deny;

    /// <param name="rules">Rules and their patterns, filled in.</param>
    public NameRules(IReadOnlyCollection<(AccessRule Rule, string Pattern)> rules)
    {
        _allow = [.. rules.Where(static one => one.Rule.Allows).Select(Entry.Of)];
        _deny = [.. rules.Where(static one => !one.Rule.Allows).Select(Entry.Of)];
    }

    /// <summary>Whether anything may be permitted.</summary>
    public bool PermitsSome => _allow.Length > 0 && !Array.Exists(_deny, static entry => entry.IsAny);

    /// <summary>Whether everything is permitted, whatever its name.</summary>
    public bool PermitsAll => _deny.Length == 0 && Array.Exists(_allow, static entry => entry.IsAny);

    /// <summary>Decides about one stream or consumer. It allocates nothing.</summary>
    /// <param name="stream">The stream's name.</param>
    /// <param name="consumer">The consumer's; empty for rules that name none.</param>
    public AccessDecision Decide(ReadOnlySpan<char> stream, ReadOnlySpan<char> consumer)
    {
        foreach (var entry in _deny)
        {
            if (entry.Stream.Matches(stream) && entry.Consumer.Matches(consumer))
            {
                return new AccessDecision(IsPermitted: false, entry.Rule);
            }
        }

        foreach (var entry in _allow)
        {
            if (entry.Stream.Matches(stream) && entry.Consumer.Matches(consumer))
            {
                return new AccessDecision(IsPermitted: true, entry.Rule);
            }
        }

        return default;
    }

    /// <summary>Whether a consumer of the stream may be permitted, whatever its name.</summary>
    public bool PermitsSomeOf(ReadOnlySpan<char> stream)
    {
        foreach (var entry in _deny)
        {
            if (entry.AnyConsumer && entry.Stream.Matches(stream))
            {
                return false;
            }
        }

        foreach (var entry in _allow)
        {
            if (entry.Stream.Matches(stream))
            {
                return true;
            }
        }

        return false;
    }

    private sealed record Entry(AccessRule Rule, NamePattern Stream, NamePattern Consumer, bool AnyStream, bool AnyConsumer)
    {
        public bool IsAny => AnyStream && AnyConsumer;

        public static Entry Of((AccessRule Rule, string Pattern) rule)
        {
            var names = rule.Pattern.Split('/');
            var (stream, consumer) = (names[0], names.Length > 1 ? names[1] : Any);
            return new Entry(rule.Rule, new NamePattern(stream), new NamePattern(consumer), stream is Any, consumer is Any);
        }
    }
}
