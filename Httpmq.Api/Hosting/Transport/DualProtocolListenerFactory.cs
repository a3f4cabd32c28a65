using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Httpmq.Api.Hosting.Transport;

/// <summary>
/// Binds the two halves of a <see cref="DualProtocolPort"/> to one socket. Kestrel asks for the halves one after the other;
/// the first one opens the socket, so "address already in use" surfaces from the start of the host just as it does for an
/// ordinary end point, and the second one joins it.
/// </summary>
internal sealed class DualProtocolListenerFactory(
    IOptions<SocketTransportOptions> socketOptions,
    IOptions<DualProtocolTransportOptions> options,
    IOptions<KestrelServerOptions> kestrelOptions,
    TimeProvider time,
    ILoggerFactory loggerFactory) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    // A timer takes at most this long a time; Kestrel says TimeSpan.MaxValue when its limit is switched off.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly SocketTransportFactory _sockets = new(socketOptions, loggerFactory);
    // The ports of which one half is bound and the other is still to come.
    private readonly ConcurrentDictionary<DualProtocolPort, DualProtocolListener> _halfBound = new();

    public bool CanBind(EndPoint endpoint) => endpoint is DualProtocolEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not DualProtocolEndPoint half)
        {
            throw new NotSupportedException($"{nameof(DualProtocolListenerFactory)} does not bind {endpoint}.");
        }

        if (!_halfBound.TryRemove(half.Port, out var listener))
        {
            var socket = await _sockets.BindAsync(half.Port.Address, cancellationToken);
            listener = new DualProtocolListener(
                socket, PeekTimeout(), options.Value.MaxPeekingConnections, time, loggerFactory.CreateLogger<DualProtocolListener>());
            _halfBound[half.Port] = listener;
            listener.Start();
        }

        return listener.TakeLane(half.Protocol);
    }

    private TimeSpan PeekTimeout()
    {
        var timeout = options.Value.PeekTimeout ?? kestrelOptions.Value.Limits.RequestHeadersTimeout;
        return timeout > LongestTimer ? Timeout.InfiniteTimeSpan : timeout;
    }
}
