using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Httpmq.Api.Hosting.Transport;

/// <summary>
/// The virtual listener of one protocol: what Kestrel sees as a listener of its own. The channel is unbounded because
/// Kestrel's accept loop only registers a connection and goes on; it is empty but for moments.
/// </summary>
internal sealed class ProtocolLane(DualProtocolListener owner) : IConnectionListener
{
    private readonly Channel<ConnectionContext> _ready =
        Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });

    private int _disposed;

    public EndPoint EndPoint => owner.EndPoint;

    public bool TryOffer(ConnectionContext connection) => _ready.Writer.TryWrite(connection);

    public void Complete(Exception? error) => _ready.Writer.TryComplete(error);

    /// <summary>The next connection of this protocol, or null once the port is unbound and all were taken.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _ready.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_ready.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    // The token is not looked at, as in the socket transport: a host that is disposed without a stop passes a cancelled
    // one, and giving up here would leave connections open.
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default) => await owner.UnbindAsync();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await owner.UnbindAsync();
        await owner.ReleaseLaneAsync();
    }

    /// <summary>Closes what nobody accepted: a host whose start failed half-way may never have begun to.</summary>
    public async ValueTask CloseWaitingAsync()
    {
        while (_ready.Reader.TryRead(out var connection))
        {
            await connection.DisposeAsync();
        }
    }
}
