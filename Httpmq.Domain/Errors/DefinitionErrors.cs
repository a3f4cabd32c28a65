using static Httpmq.Domain.Errors.DefinitionErrorTypes;

namespace Httpmq.Domain.Errors;

/// <summary>Makes the errors of <see cref="DefinitionErrorTypes"/>.</summary>
public static class DefinitionErrors
{
    /// <param name="operation">What was being done.</param>
    /// <param name="most">How many changes of one definition may wait.</param>
    public static Error TooMany(Operation operation, int most) => new(TooManyChanges, operation, ("limit", most));

    public static Error UnderWay(Operation operation) => new(ChangeUnderWay, operation);

    /// <param name="operation">What was being done.</param>
    /// <param name="stream">The stream that holds the locks.</param>
    public static Error NoLeader(Operation operation, string stream) => new(LocksWithoutLeader, operation, ("lock_stream", stream));

    public static Error TimedOut(Operation operation, TimeSpan limit) => new(LockTimeout, operation, ("seconds", limit.TotalSeconds));

    public static Error Meanwhile(Operation operation) => new(ChangedMeanwhile, operation);
}
