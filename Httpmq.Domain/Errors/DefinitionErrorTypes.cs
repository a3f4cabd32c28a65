namespace Httpmq.Domain.Errors;

/// <summary>Why a definition could not be changed alone: docs/adr/0014-definitions-are-locked-on-the-broker.md.</summary>
public static class DefinitionErrorTypes
{
    public static readonly ErrorType TooManyChanges = new("too-many-changes", ErrorKind.TooMany);
    public static readonly ErrorType ChangeUnderWay = new("change-under-way", ErrorKind.Unavailable);
    public static readonly ErrorType LocksWithoutLeader = new("locks-without-leader", ErrorKind.Unavailable);
    public static readonly ErrorType LockTimeout = new("lock-timeout", ErrorKind.Timeout);
    public static readonly ErrorType ChangedMeanwhile = new("changed-meanwhile", ErrorKind.Conflict);
}
