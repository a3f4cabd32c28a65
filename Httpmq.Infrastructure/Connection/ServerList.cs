using System.Net;

namespace Httpmq.Infrastructure.Connection;

/// <summary>The configured servers, without the login that may be in a URI: no text that is made of them holds a secret.</summary>
internal sealed class ServerList
{
    private ServerList(Uri[] uris)
    {
        Uris = [.. uris.Select(WithoutLogin)];
        Url = string.Join(',', Uris.Select(static uri => uri.OriginalString));
        Login = uris.Select(LoginIn).FirstOrDefault(static login => login is not null);
    }

    /// <summary>As the client library takes them.</summary>
    public string Url { get; }

    public IReadOnlyList<Uri> Uris { get; }

    /// <summary>The login of the first that has one; it is for all of them.</summary>
    public NatsLogin? Login { get; }

    public bool HasTls => Uris.Any(static uri => uri.Scheme is "tls");

    /// <summary>Whether one is behind WebSocket; its TLS is that of HTTP.</summary>
    public bool HasWebSocket => Uris.Any(static uri => uri.Scheme is "ws" or "wss");

    /// <param name="url">One URI, or several separated by commas.</param>
    public static ServerList Of(string url) => new([.. url
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(static one => new Uri(one))]);

    /// <summary>Its port; of NATS, unless it is behind WebSocket, where the port is that of HTTP.</summary>
    public static int PortOf(Uri uri) => uri.Port >= 0 ? uri.Port : 4222;

    /// <summary>
    /// The name that a server's certificate must have. Servers name each other by their addresses, which few certificates hold: one that
    /// is not configured has the name of the first that is.
    /// </summary>
    public string NameOf(string host) =>
        IPAddress.TryParse(host, out _) && !Uris.Any(uri => Same(uri.Host, host)) ? Uris[0].IdnHost : host;

    private static bool Same(string one, string other) =>
        string.Equals(one.Trim('[', ']'), other.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);

    private static Uri WithoutLogin(Uri uri) =>
        uri.UserInfo.Length == 0 ? uri : new Uri(new UriBuilder(uri) { UserName = "", Password = "" }.ToString());

    private static NatsLogin? LoginIn(Uri uri)
    {
        var parts = uri.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString).ToArray();
        return parts switch
        {
            [""] => null,
            [var token] => NatsLogin.OfToken(Secret.OfText(token)),
            _ => NatsLogin.OfUser(parts[0], Secret.OfText(parts[1])),
        };
    }
}
