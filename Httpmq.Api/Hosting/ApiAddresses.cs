using System.Net;
using System.Net.Sockets;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting;

/// <summary>What people are told of where an API listens.</summary>
internal static class ApiAddresses
{
    /// <summary>The URLs of an API, that with TLS first.</summary>
    public static IEnumerable<string> UrlsOf(ApiServerSettings server)
    {
        var prefix = server.PathPrefix.TrimEnd('/');
        if (server.Tls is { } tls)
        {
            yield return $"https://{new IPEndPoint(tls.ListenOn, tls.ListenPort)}{prefix}";
        }

        if (server.Tls is not { Only: true })
        {
            yield return $"http://{new IPEndPoint(server.ListenOn, server.ListenPort)}{prefix}";
        }
    }

    /// <summary>What is dangerous about the ports of an API, and what to do.</summary>
    /// <param name="group">The API.</param>
    /// <param name="server">Its ports.</param>
    /// <param name="isOpen">Whether everybody may do something without showing who they are.</param>
    public static IEnumerable<string> WarningsOf(ApiGroup group, ApiServerSettings server, bool isOpen)
    {
        if (server.Tls is not { Only: true } && !IPAddress.IsLoopback(server.ListenOn))
        {
            var remedy = $"set {group.Name}.{ServerSettingKeys.Tls}{(server.Tls is null ? string.Empty : ".only")}";
            yield return $"{group.Name}: port {server.ListenPort} can be reached from other machines, in the clear"
                + (isOpen ? ", and by anybody" : string.Empty)
                + $"; {(isOpen ? $"set {AccessDeclaration.Section}, and " : string.Empty)}{remedy}"
                + $" or {group.Name}.{ServerSettingKeys.ListenOn}: 127.0.0.1";
        }

        if (server.Tls is { RequireClientCertificate: false } tls && isOpen && !IPAddress.IsLoopback(tls.ListenOn))
        {
            yield return $"{group.Name}: port {tls.ListenPort} can be reached from other machines, by anybody; "
                + $"set {AccessDeclaration.Section}, or {group.Name}.{ServerSettingKeys.Tls}.require_client_certificate";
        }
    }

    /// <summary>Why an API cannot listen because somebody else does.</summary>
    public static string DescribeInUse(ApiGroup group, ApiServerSettings server, IOException exception)
    {
        var tls = exception.Message.Contains("https://", StringComparison.Ordinal) ? server.Tls : null;
        var key = $"{group.Name}.{(tls is null ? ServerSettingKeys.ListenPort : ServerSettingKeys.TlsListenPort)}";
        var address = $"{tls?.ListenOn ?? server.ListenOn}:{tls?.ListenPort ?? server.ListenPort}";
        return $"{key}: {address} is in use by another process; stop it, or choose another port with this key or "
            + Catalogue.VariableOf(key);
    }

    /// <summary>Why an API cannot listen on its address.</summary>
    public static string DescribeUnknown(ApiGroup group, ApiServerSettings server, SocketException exception)
    {
        var addresses = string.Join(" or ", new[]
        {
            server.Tls is { Only: true } ? null : $"{server.ListenOn}:{server.ListenPort}",
            server.Tls is { } tls ? $"{tls.ListenOn}:{tls.ListenPort}" : null,
        }.OfType<string>());
        var key = server.Tls is { Only: true } ? $"{ServerSettingKeys.Tls}.listen_on" : ServerSettingKeys.ListenOn;
        return $"{group.Name}.{key}: cannot listen on {addresses}: {exception.Message}; it must be an address of this machine";
    }
}
