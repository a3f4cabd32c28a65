using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Publishing;

/// <summary>
/// The parameters of a publish and of a batch. Base64 stays the default, whatever the type of the body: v1's clients send it as any.
/// </summary>
internal static class PublishQuery
{
    public const string Encoding = "encoding";

    public const string Atomic = "atomic";

    private const string Raw = "raw";
    private const string Base64 = "base64";

    /// <param name="request">The request.</param>
    /// <param name="whereNotNamed">What holds where the request does not say.</param>
    public static MessageEncoding Read(HttpRequest request, MessageEncoding whereNotNamed = MessageEncoding.Base64)
    {
        if (!request.QueryString.HasValue || !request.TryGetSingle(Encoding, out var value))
        {
            return whereNotNamed;
        }

        return value.Span switch
        {
            Raw => MessageEncoding.Raw,
            Base64 => MessageEncoding.Base64,
            var other => throw new HttpmqException(RequestErrors.Invalid(new InvalidValue(
                Encoding, other.ToString(), $"{Encoding}: '{UnknownNames.Printable(other.ToString())}' is not {Base64} or {Raw}"))),
        };
    }

    /// <summary>Whether all records of a batch are stored or none.</summary>
    public static bool IsAtomic(HttpRequest request) =>
        request.QueryString.HasValue && request.Query.TryGetValue(Atomic, out var values) && values.ToString() switch
        {
            "true" or "1" or "" => true,
            "false" or "0" => false,
            var other => throw new HttpmqException(RequestErrors.Invalid(new InvalidValue(
                Atomic, other, $"{Atomic}: '{UnknownNames.Printable(other)}' is not true or false"))),
        };
}
