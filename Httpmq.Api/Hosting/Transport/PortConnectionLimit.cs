using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Httpmq.Api.Hosting.Transport;

/// <summary>
/// Kestrel counts <see cref="KestrelServerLimits.MaxConcurrentConnections"/> for each of its listeners, which would let twice as
/// many connections onto a dual protocol port. This counts both protocols together. Without a limit it is not in the path.
/// </summary>
internal sealed partial class PortConnectionLimit
{
    private long _count;

    /// <summary>Called when the end point is bound, when the limits have their final values.</summary>
    public ConnectionDelegate Apply(ConnectionDelegate next, KestrelServerOptions options)
    {
        if (options.Limits.MaxConcurrentConnections is not { } limit)
        {
            return next;
        }

        var logger = options.ApplicationServices.GetRequiredService<ILogger<PortConnectionLimit>>();
        return connection => RunAsync(connection, next, limit, logger);
    }

    private async Task RunAsync(ConnectionContext connection, ConnectionDelegate next, long limit, ILogger logger)
    {
        try
        {
            if (Interlocked.Increment(ref _count) > limit)
            {
                LogRejected(logger, connection.ConnectionId, limit);
                await connection.DisposeAsync();
                return;
            }

            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    }

    [LoggerMessage(1905, LogLevel.Warning, "Connection {ConnectionId} was closed: {Limit} connections are open on the port already")]
    private static partial void LogRejected(ILogger logger, string connectionId, long limit);
}
