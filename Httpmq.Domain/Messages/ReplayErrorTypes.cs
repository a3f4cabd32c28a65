using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Messages;

/// <summary>Why a replay ends, beside what ends a subscription.</summary>
public static class ReplayErrorTypes
{
    public static readonly ErrorType Complete = new("replay-complete", ErrorKind.NotFound);
    public static readonly ErrorType TooManySubjects = new("too-many-subjects", ErrorKind.Unprocessable);
}
