using Httpmq.Domain.Errors;

namespace Httpmq.Api.Errors;

/// <summary>What is wrong with a body. One that is too large or too slow is as where the server says so itself.</summary>
internal static class BodyErrorTypes
{
    public static readonly ErrorType InvalidJson = new("invalid-json", ErrorKind.InvalidInput);
    public static readonly ErrorType InvalidBase64 = new("invalid-base64", ErrorKind.InvalidInput);
    public static readonly ErrorType EmptyMessage = new("empty-message", ErrorKind.InvalidInput);
    public static readonly ErrorType InvalidCloudEvent = new("invalid-cloud-event", ErrorKind.InvalidInput);
    public static readonly ErrorType TooManyLargeBodies = new("too-many-large-bodies", ErrorKind.Unavailable);
}
