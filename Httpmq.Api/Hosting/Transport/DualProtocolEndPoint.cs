using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Httpmq.Api.Hosting.Transport;

/// <summary>
/// One protocol's half of a dual protocol port. The private type is how Kestrel finds <see cref="DualProtocolListenerFactory"/>
/// (the socket transport refuses end points that it does not know), and the shared <paramref name="port"/> object is how
/// the factory sees which two halves belong together: with port 0 the addresses alone could not tell.
/// </summary>
internal sealed class DualProtocolEndPoint(DualProtocolPort port, HttpProtocols protocol) : EndPoint
{
    public DualProtocolPort Port => port;

    public HttpProtocols Protocol => protocol;

    public override AddressFamily AddressFamily => port.Address.AddressFamily;

    /// <summary>Kestrel prints this behind <c>http://</c>, in "address already in use" too.</summary>
    public override string ToString() => port.Address.ToString();
}

/// <summary>The identity that both halves of one port share. Compared by reference on purpose.</summary>
internal sealed class DualProtocolPort(IPEndPoint address)
{
    public IPEndPoint Address => address;
}
