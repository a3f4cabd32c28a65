using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Access;

/// <summary>What callers may not do.</summary>
public static class AccessErrorTypes
{
    public static readonly ErrorType NotPermitted = new("not-permitted", ErrorKind.Forbidden);

    /// <summary>Nothing is shown, and whoever shows nothing may not do this; or what is shown is not known.</summary>
    public static readonly ErrorType Unauthenticated = new("unauthenticated", ErrorKind.Unauthenticated);

    /// <summary>Whether a token is valid cannot be told, because its issuer does not say which keys it has.</summary>
    public static readonly ErrorType IssuerUnavailable = new("issuer-unavailable", ErrorKind.Unavailable);

    /// <summary>What is shown cannot be read, is shown twice, or in a place where it is seen by others.</summary>
    public static readonly ErrorType InvalidCredentials = new("invalid-credentials", ErrorKind.InvalidInput);
}
