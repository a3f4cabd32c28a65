using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Messages;

/// <summary>Makes the errors of <see cref="ReplayErrorTypes"/>.</summary>
public static class ReplayErrors
{
    /// <summary>All is sent that was asked for: the end as it should be.</summary>
    /// <param name="last">Up to this stream sequence all is sent that was asked for.</param>
    public static Error Complete(ulong last) => new(ReplayErrorTypes.Complete, null, ("last_sequence", last));

    /// <param name="count">How many subjects match.</param>
    /// <param name="limit">How many may.</param>
    public static Error TooMany(long count, int limit) =>
        new(ReplayErrorTypes.TooManySubjects, null, ("count", count), ("limit", limit));

    /// <summary>There was nothing to send.</summary>
    /// <param name="last">As of <see cref="Complete"/>.</param>
    public static Error Empty(ulong last) => new(ReplayErrorTypes.Complete, null, ("last_sequence", last), ("empty", true));
}
