using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Access;

/// <summary>What callers may not do.</summary>
public static class AccessErrorTypes
{
    public static readonly ErrorType NotPermitted = new("not-permitted", ErrorKind.Forbidden);
}
