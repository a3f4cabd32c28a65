using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Httpmq.Api.Hosting.Transport;

/// <summary>
/// HTTP/1.1 and HTTP/2 with prior knowledge (h2c) on one cleartext port. Kestrel alone cannot do that: without TLS there
/// is no ALPN to choose with, and an <see cref="HttpProtocols.Http1AndHttp2"/> end point then serves HTTP/1.1 only, see
/// <see href="https://github.com/dotnet/aspnetcore/issues/56984">dotnet/aspnetcore#56984</see>. Should Kestrel learn it, this
/// folder can go.
/// </summary>
public static class DualProtocolTransportExtensions
{
    /// <summary>
    /// Registers the transport behind <see cref="ListenDualProtocol"/>. Ordinary end points stay with the socket transport,
    /// in whatever order this and <c>UseKestrel</c> are called. Calling it twice is harmless. The settings are in
    /// <see cref="DualProtocolTransportOptions"/>; those of the socket are Kestrel's (<see cref="SocketTransportOptions"/>).
    /// </summary>
    public static IServiceCollection AddDualProtocolTransport(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        services.AddOptions<DualProtocolTransportOptions>();
        services.TryAddSingleton(TimeProvider.System);
        // Kestrel adds its socket transport only when there is no transport yet; ours must not take its place.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, SocketTransportFactory>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, DualProtocolListenerFactory>());
        return services;
    }

    /// <summary>
    /// Listens on <paramref name="endPoint"/> for both protocols, in cleartext. A connection that starts with the HTTP/2
    /// preface is HTTP/2, any other is HTTP/1.1; an <c>Upgrade: h2c</c> header is answered with HTTP/1.1, as RFC 9113 permits.
    /// Defaults set with <see cref="KestrelServerOptions.ConfigureEndpointDefaults"/> before this call apply to both protocols
    /// (the protocols apart), and Kestrel's limits apply to the port as a whole.
    /// <para>
    /// To Kestrel these are two listeners at one address. So the host logs "Now listening on" twice, and
    /// <see cref="IServerAddressesFeature"/> names the address twice, both times with the real port, also when port 0 (any free
    /// port) was asked for.
    /// </para>
    /// <para>
    /// Starting the host fails with an <see cref="IOException"/> around an <see cref="AddressInUseException"/> when the port is in
    /// use, and with an <see cref="InvalidOperationException"/> when <see cref="AddDualProtocolTransport"/> was not called.
    /// </para>
    /// </summary>
    public static void ListenDualProtocol(this KestrelServerOptions options, IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(endPoint);

        var port = new DualProtocolPort(endPoint);
        var limit = new PortConnectionLimit();
        Listen(HttpProtocols.Http1);
        Listen(HttpProtocols.Http2);

        void Listen(HttpProtocols protocol) => options.Listen(new DualProtocolEndPoint(port, protocol), listen =>
        {
            listen.Protocols = protocol;
            listen.Use(next => limit.Apply(next, options));
        });
    }
}
