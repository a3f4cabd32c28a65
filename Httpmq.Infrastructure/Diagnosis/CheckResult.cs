namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>What a check comes to.</summary>
public enum CheckState
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
public sealed record CheckResult(string Check, CheckState State, string Seen, string? Advice = null)
{
    /// <summary>What was looked at where a check looks at several things: a server, a file, a key; null where there is one.</summary>
    public string? Subject { get; init; }

    /// <summary>Nothing has to be done.</summary>
    public static CheckResult Ok(string check, string seen) => new(check, CheckState.Ok, seen);

    /// <summary>It works, and may not for long, or not as somebody expects.</summary>
    public static CheckResult Warning(string check, string seen, string advice) => new(check, CheckState.Warning, seen, advice);

    /// <summary>Something does not work.</summary>
    public static CheckResult Problem(string check, string seen, string advice) => new(check, CheckState.Problem, seen, advice);
}
