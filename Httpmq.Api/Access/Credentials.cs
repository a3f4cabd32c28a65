using System.Runtime.InteropServices;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Microsoft.Extensions.Primitives;

namespace Httpmq.Api.Access;

/// <summary>What a request shows of its sender: nothing, or one key or token.</summary>
/// <param name="Text">The key or token; null where nothing is shown.</param>
/// <param name="Start">Where in the text it begins.</param>
/// <param name="MayBeToken">Whether it may be a token; else it is a key.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Credentials(string? Text, int Start = 0, bool MayBeToken = false)
{
    /// <summary>The header of keys alone.</summary>
    public const string KeyHeader = "X-API-Key";

    /// <summary>
    /// The cookie for what a page cannot give headers: <c>EventSource</c>, <c>WebSocket</c>. By its name a browser takes it over TLS only.
    /// </summary>
    public const string Cookie = "__Secure-httpmq";

    private const string Scheme = "Bearer ";

    // What people try. Whatever stands in a URL ends up in logs, histories and Referer headers.
    private static readonly string[] QueryNames =
        ["access_token", "api_key", "api-key", "apikey", "x-api-key", "authorization", "bearer", "bearer_token"];

    private static readonly Error Several = AccessErrors.Invalid(
        $"a key or token is shown more than once; send one, as Authorization or as {KeyHeader}");

    private static readonly Error InUrl = AccessErrors.Invalid(
        $"a key or token stands in the URL, where logs and histories keep it: replace it, and send the new one as Authorization "
        + $"or {KeyHeader}");

    private static readonly Error OtherScheme =
        AccessErrors.Unknown("Authorization: the scheme must be Bearer, followed by a key or token");

    private static readonly Error Empty = AccessErrors.Unknown("the key or token is empty");

    /// <summary>The key or token alone.</summary>
    public ReadOnlySpan<char> Value => Text.AsSpan(Start);

    /// <summary>Whether a request shows anything that may be a key or token.</summary>
    public static bool AreShown(HttpRequest request) =>
        request.Headers.Authorization.Count > 0
        || request.Headers.ContainsKey(KeyHeader)
        || (request.Headers.Cookie.Count > 0 && request.Cookies.ContainsKey(Cookie));

    /// <summary>Reads what a request shows; the error where that cannot be used.</summary>
    public static Error? Read(HttpRequest request, out Credentials shown)
    {
        shown = default;
        var headers = request.Headers;
        var (bearer, key) = (headers.Authorization, headers[KeyHeader]);
        if (bearer.Count + key.Count > 1)
        {
            return Several;
        }

        if (request.QueryString.HasValue && HasKeyInUrl(request))
        {
            return InUrl;
        }

        if (key.Count == 1)
        {
            shown = new Credentials(key.ToString().Trim());
            return shown.Value.IsEmpty ? Empty : null;
        }

        return bearer.Count == 1 ? ReadBearer(bearer, out shown)
            : headers.Cookie.Count > 0 && MayHaveCookie(request) ? ReadCookie(request, out shown)
            : null;
    }

    // A browser sends a cookie by itself, whoever's page asks: it must not be enough to change anything. Whose page it is was checked.
    private static bool MayHaveCookie(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || request.HttpContext.WebSockets.IsWebSocketRequest)
        && (request.Headers.Origin.Count == 0
            || request.HttpContext.RequestServices?.GetService<ApiServerSettings>()?.AllowedOrigins.Contains("*") is not true);

    /// <summary>
    /// A browser shows a certificate by itself as well. Whose page it is was checked, unless every page may use the API: then only its own
    /// counts.
    /// </summary>
    public static bool MayShowCertificate(HttpRequest request) =>
        (request.Headers.Origin.Count == 0 && request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin" or "none")
        || request.HttpContext.RequestServices?.GetService<ApiServerSettings>()?.AllowedOrigins.Contains("*") is not true;

    private static Error? ReadCookie(HttpRequest request, out Credentials shown)
    {
        shown = request.Cookies[Cookie] is { } text ? new Credentials(text, MayBeToken: true) : default;
        return shown.Text is "" ? Empty : null;
    }

    /// <summary>Without taking the query apart, as long as its names are written plainly.</summary>
    private static bool HasKeyInUrl(HttpRequest request)
    {
        var rest = request.QueryString.Value.AsSpan(1);
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf('&');
            var pair = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            var equals = pair.IndexOf('=');
            var name = equals < 0 ? pair : pair[..equals];
            if (name.ContainsAny('%', '+'))
            {
                return Array.Exists(QueryNames, request.Query.ContainsKey);
            }

            foreach (var known in QueryNames)
            {
                if (name.Equals(known, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static Error? ReadBearer(StringValues header, out Credentials shown)
    {
        shown = default;
        var text = header.ToString();
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return text.Trim().Equals("Bearer", StringComparison.OrdinalIgnoreCase) ? Empty : OtherScheme;
        }

        var start = Scheme.Length;
        while (start < text.Length && text[start] == ' ')
        {
            start++;
        }

        shown = new Credentials(text, start, MayBeToken: true);
        return shown.Value.IsEmpty ? Empty : null;
    }
}
