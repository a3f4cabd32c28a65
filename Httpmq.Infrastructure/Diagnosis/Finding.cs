namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>What a check comes to.</summary>
public enum FindingState
{
    /// <summary>Nothing has to be done.</summary>
    Ok,

    /// <summary>It works, and may not for long, or not as somebody expects.</summary>
    Warning,

    /// <summary>Something does not work.</summary>
    Problem,
}

/// <summary>What was found out about one thing, for people and machines. It never holds a secret.</summary>
/// <param name="Check">The name of the check; it never changes.</param>
/// <param name="State">What it comes to.</param>
/// <param name="Seen">What was seen, on one line.</param>
/// <param name="Advice">What to do, on one line; null: nothing.</param>
public sealed record Finding(string Check, FindingState State, string Seen, string? Advice = null)
{
    /// <summary>What was looked at where a check looks at several things: a server, a file, a key; null where there is one.</summary>
    public string? Subject { get; init; }

    /// <summary>Nothing has to be done.</summary>
    public static Finding Ok(string check, string seen) => new(check, FindingState.Ok, seen);

    /// <summary>It works, and may not for long, or not as somebody expects.</summary>
    public static Finding Warning(string check, string seen, string advice) => new(check, FindingState.Warning, seen, advice);

    /// <summary>Something does not work.</summary>
    public static Finding Problem(string check, string seen, string advice) => new(check, FindingState.Problem, seen, advice);
}
