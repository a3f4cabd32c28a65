using System.Globalization;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Httpmq.Api.Http;

/// <summary>Entity tags that are stream sequences, RFC 9110.</summary>
internal static class EntityTag
{
    public static string Of(ulong sequence) => string.Create(CultureInfo.InvariantCulture, $"\"{sequence}\"");

    /// <summary>Whether <c>If-None-Match</c> names the tag, weak or strong, or any; what cannot be read names none.</summary>
    public static bool IsKnown(StringValues ifNoneMatch, string tag) =>
        EntityTagHeaderValue.TryParseList(ifNoneMatch, out var known)
        && known.Any(one => one.Tag.Equals(tag, StringComparison.Ordinal) || one.Tag.Equals("*", StringComparison.Ordinal));
}
