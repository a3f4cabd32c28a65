using Microsoft.Extensions.Primitives;

namespace Httpmq.Api.Http;

/// <summary>
/// All headers of a request at once. The server's collection allocates an enumerator for whoever looks through it by its interface, and
/// every request is looked through; it copies without.
/// </summary>
internal static class HeaderFields
{
    private const int Usual = 32;

    // One list per thread, used within one call only.
    [ThreadStatic]
    private static KeyValuePair<string, StringValues>[]? _fields;

    /// <summary>The headers, until this is called again on the same thread.</summary>
    public static ReadOnlySpan<KeyValuePair<string, StringValues>> Of(IHeaderDictionary headers)
    {
        var count = headers.Count;
        if (_fields is not { } fields || fields.Length < count)
        {
            _fields = fields = new KeyValuePair<string, StringValues>[Math.Max(Usual, count)];
        }

        headers.CopyTo(fields, 0);
        return fields.AsSpan(0, count);
    }
}
