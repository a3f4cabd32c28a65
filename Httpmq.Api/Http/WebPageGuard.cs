using System.Net;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Api.Http;

/// <summary>
/// Keeps web pages from using the broker of whoever visits them. A browser sends a page's requests to any address that the visitor
/// can reach, loopback included; it says in <c>Sec-Fetch-Site</c> and <c>Origin</c> whose page it was, and in <c>Host</c> the name that the
/// page used for this server, which may be one that its owner has pointed here. Other clients send neither of the first two.
/// </summary>
internal sealed class WebPageGuard(RequestDelegate next, ApiGroup group, ApiServerSettings server)
{
    private const string Any = "*";
    private const string FetchSite = "Sec-Fetch-Site";

    private readonly bool _anyOrigin = server.AllowedOrigins.Contains(Any);
    private readonly bool _anyHost = server.AllowedHosts.Contains(Any);
    private readonly string _machine = Dns.GetHostName();

    // Clients say the same host again and again: one comparison instead of taking it apart.
    private volatile string _ownHost = string.Empty;
    private volatile string _otherHost = string.Empty;

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (!_anyHost && headers.Host.ToString() is { Length: > 0 } host && !IsOwnHost(host) && IsGuarded(context.Connection))
        {
            var answersTo = server.AllowedHosts.Count > 0
                ? "only loopback names and the configured ones are served"
                : "only loopback names are served on a loopback address";
            return RefuseAsync(context, "Host", host, answersTo, ServerSettingKeys.AllowedHosts);
        }

        var (origin, site) = (headers.Origin, headers[FetchSite]);
        return _anyOrigin || (origin.Count == 0 && site.Count == 0)
            ? next(context)
            : CheckPage(context, origin.ToString(), site.ToString());
    }

    private Task CheckPage(HttpContext context, string origin, string site)
    {
        if (origin.Length > 0)
        {
            if (server.AllowedOrigins.Contains(origin))
            {
                return next(context);
            }

            if (!IsOwnOrigin(origin, context.Request))
            {
                return RefuseAsync(context, "Origin", origin, "the page that sent this request does not come from this server",
                    ServerSettingKeys.AllowedOrigins);
            }
        }

        // Without an origin it is an image, a link or a form with GET; those cannot be permitted one by one.
        return site is "" or "same-origin" or "none" || IsVisit(context.Request)
            ? next(context)
            : RefuseAsync(context, FetchSite, site, "a page of another site or port sent this request; fetch() sends an "
                + "Origin, which can be permitted", ServerSettingKeys.AllowedOrigins);
    }

    /// <summary>
    /// Following a link to the documentation reads nothing of the broker and changes nothing. In a frame it could be clicked without being
    /// seen.
    /// </summary>
    private static bool IsVisit(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && string.Equals(request.Headers["Sec-Fetch-Mode"], "navigate", StringComparison.Ordinal)
        && string.Equals(request.Headers["Sec-Fetch-Dest"], "document", StringComparison.Ordinal)
        && (request.Path.Value is null or "" or "/" || request.Path.StartsWithSegments("/swagger", StringComparison.Ordinal));

    // The scheme that a request names is that of its client, which may be a proxy's.
    private static bool IsOwnOrigin(string origin, HttpRequest request)
    {
        var isTls = request.HttpContext.Features.Get<ITlsConnectionFeature>() is not null;
        var (scheme, port) = isTls ? ("https://", 443) : ("http://", 80);
        var host = request.Host;
        if (!origin.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) || !host.HasValue)
        {
            return false;
        }

        var named = new HostString(origin[scheme.Length..]);
        return string.Equals(named.Host, host.Host, StringComparison.OrdinalIgnoreCase) && (named.Port ?? port) == (host.Port ?? port);
    }

    /// <summary>
    /// A name that somebody has pointed at this machine's loopback address comes over a loopback connection, also where the server listens
    /// on all addresses. Other connections are those of other machines, which may call it as they like unless names are configured.
    /// </summary>
    private bool IsGuarded(ConnectionInfo connection) =>
        server.AllowedHosts.Count > 0
        || (connection.LocalIpAddress is { } address && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));

    private bool IsOwnHost(string text)
    {
        if (string.Equals(text, _ownHost, StringComparison.Ordinal))
        {
            return true;
        }

        if (string.Equals(text, _otherHost, StringComparison.Ordinal))
        {
            return false;
        }

        var own = IsOwnHost(new HostString(text));
        _ = own ? _ownHost = text : _otherHost = text;
        return own;
    }

    // An empty host is not looked at: HTTP/1.0 may leave it out, and no browser does. Many systems give their own name a loopback address.
    private bool IsOwnHost(HostString host) =>
        string.Equals(host.Host.TrimEnd('.'), "localhost", StringComparison.OrdinalIgnoreCase)
        || string.Equals(host.Host, _machine, StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Host, out var address) && IPAddress.IsLoopback(address))
        || server.AllowedHosts.Contains(host.Host)
        || server.AllowedHosts.Contains(host.Value!);

    private async Task RefuseAsync(HttpContext context, string header, string value, string why, string setting)
    {
        var shown = PlainText.Quote(PlainText.OneLine(value));
        ErrorResponses.Write(context, HttpErrors.WebPage(header, shown, why, $"{group.Name}.{setting}"));
        await RejectedBody.LingerAsync(context);
    }
}
