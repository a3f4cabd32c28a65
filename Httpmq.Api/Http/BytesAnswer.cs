using Microsoft.Net.Http.Headers;

namespace Httpmq.Api.Http;

/// <summary>Answers that are a message's bytes, for clients whose <c>Accept</c> names <c>application/octet-stream</c>.</summary>
internal static class BytesAnswer
{
    public const string ContentType = "application/octet-stream";

    private const string Json = "application/json";

    /// <summary>Whether the client asks for it by name, and for JSON no more than for it.</summary>
    public static bool IsWanted(HttpRequest request) => IsWanted(request, ContentType);

    /// <summary>As <see cref="IsWanted(HttpRequest)"/>, of another type.</summary>
    public static bool IsWanted(HttpRequest request, string type)
    {
        // What names it nowhere, as most requests do, is not taken apart.
        if (!request.Headers.Accept.ToString().Contains(type, StringComparison.OrdinalIgnoreCase)
            || !MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var types))
        {
            return false;
        }

        var weight = WeightOf(types, type);
        return weight > 0 && weight >= WeightOf(types, Json);
    }

    /// <summary>A text as a header's value: what steers a terminal or ends a header, and the percent sign, is percent-encoded.</summary>
    public static string ToHeader(string text) => text.Any(IsEncoded)
        ? string.Concat(text.Select(static character => IsEncoded(character) ? $"%{(int)character:X2}" : character.ToString()))
        : text;

    /// <summary>A value that is percent-encoded already, without what would steer a terminal or end a header.</summary>
    public static string Printable(string text) => text.Any(char.IsControl)
        ? string.Concat(text.Where(static character => !char.IsControl(character)))
        : text;

    private static bool IsEncoded(char character) => character is < ' ' or '%' or '\u007F';

    private static double WeightOf(IList<MediaTypeHeaderValue> types, string name) => types
        .Where(type => type.MediaType.Equals(name, StringComparison.OrdinalIgnoreCase))
        .Select(static type => type.Quality ?? 1)
        .DefaultIfEmpty()
        .Max();
}
