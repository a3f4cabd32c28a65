using Microsoft.Extensions.Primitives;

namespace Httpmq.Api.Http;

/// <summary>Tells caches that an answer would be another one for a client that accepts something else.</summary>
internal static class VaryByAccept
{
    private const string Accept = "Accept";

    /// <summary>Adds to what the answer depends on already, such as the origin of a page.</summary>
    public static void Note(HttpResponse response)
    {
        var vary = response.Headers.Vary;
        if (!vary.Contains(Accept, StringComparer.Ordinal))
        {
            response.Headers.Vary = StringValues.Concat(vary, Accept);
        }
    }
}
