namespace Httpmq.Domain.Naming;

/// <summary>A literal subject: where one message is published. No wildcards.</summary>
public readonly record struct Subject
{
    private Subject(string value) => Value = value;

    public string Value { get; }

    /// <summary>
    /// Parses a subject to publish to.
    /// </summary>
    /// <param name="text">The subject as the client wrote it.</param>
    /// <param name="subject">The parsed subject, when valid.</param>
    /// <param name="reason">What is wrong with it, null when valid.</param>
    public static bool TryParse(string? text, out Subject subject, out string? reason)
    {
        reason = SubjectGrammar.Validate(text, wildcardsAllowed: false) ?? ReservedSubjects.Validate(text!);
        subject = reason is null ? new Subject(text!) : default;
        return reason is null;
    }

    public override string ToString() => Value;
}

/// <summary>A subject that may hold wildcards: bound to a stream, or a consumer's filter.</summary>
public readonly record struct SubjectFilter
{
    private SubjectFilter(string value) => Value = value;

    /// <summary>Matches every subject.</summary>
    public static SubjectFilter Everything { get; } = new(">");

    public string Value { get; }

    /// <summary>Parses a subject in which <c>*</c> is any one token and a last <c>&gt;</c> any number of further ones.</summary>
    /// <param name="text">The subject as the client wrote it.</param>
    /// <param name="filter">The parsed filter, when valid.</param>
    /// <param name="reason">What is wrong with it, null when valid.</param>
    public static bool TryParse(string? text, out SubjectFilter filter, out string? reason)
    {
        reason = SubjectGrammar.Validate(text, wildcardsAllowed: true);
        filter = reason is null ? new SubjectFilter(text!) : default;
        return reason is null;
    }

    /// <summary>Parses a subject that a stream shall take: as <see cref="TryParse"/>, and none of the broker's own.</summary>
    public static bool TryParseForStream(string? text, out SubjectFilter filter, out string? reason)
    {
        if (TryParse(text, out filter, out reason))
        {
            reason = ReservedSubjects.ValidateForStream(filter);
            filter = reason is null ? filter : default;
        }

        return reason is null;
    }

    /// <summary>
    /// Whether every literal subject that <paramref name="narrower"/> matches is matched by this filter too.
    /// A literal subject is its own narrowest filter.
    /// </summary>
    public bool Covers(string narrower)
    {
        ReadOnlySpan<char> wide = Value;
        ReadOnlySpan<char> narrow = narrower;
        while (true)
        {
            var wideToken = SubjectGrammar.TakeToken(ref wide, out var wideHasMore);
            var narrowToken = SubjectGrammar.TakeToken(ref narrow, out var narrowHasMore);
            if (wideToken is ">")
            {
                return true;
            }

            if (narrowToken is ">" || (wideToken is not "*" && !wideToken.SequenceEqual(narrowToken)))
            {
                return false;
            }

            if (!wideHasMore || !narrowHasMore)
            {
                return wideHasMore == narrowHasMore;
            }
        }
    }

    /// <summary>
    /// Subjects of the broker or the gateway of which this filter matches some, as <c>$JS.&gt;</c>; null: none. Consumers' deliveries are
    /// among them.
    /// </summary>
    public string? FindReserved() => ReservedSubjects.FindOverlapped(this);

    /// <summary>Whether at least one literal subject is matched by both filters.</summary>
    public bool Overlaps(string other)
    {
        ReadOnlySpan<char> one = Value;
        ReadOnlySpan<char> two = other;
        while (true)
        {
            var oneToken = SubjectGrammar.TakeToken(ref one, out var oneHasMore);
            var twoToken = SubjectGrammar.TakeToken(ref two, out var twoHasMore);
            if (oneToken is ">" || twoToken is ">")
            {
                return true;
            }

            if (oneToken is not "*" && twoToken is not "*" && !oneToken.SequenceEqual(twoToken))
            {
                return false;
            }

            if (!oneHasMore || !twoHasMore)
            {
                return oneHasMore == twoHasMore;
            }
        }
    }

    public override string ToString() => Value;
}
