using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// The connection for deliveries alone. nats-server closes a connection for which too much waits (max_pending, 64 MiB), and on one
/// connection everything queues behind everything: subscribers who are behind by a large backlog must not hold up, let alone cost, the
/// publishes and acknowledgements of others. When it is lost the client library opens it again, with its subscriptions.
/// </summary>
internal sealed class DeliveryLink(NatsOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILoggerFactory loggers)
    : NatsLink(options with { Name = $"{options.Name}-deliveries", MaxReconnectAttempts = -1 }, lifetime, time, loggers)
{
    protected override bool OpensAgain => true;

    // Nobody's yet, so it is not counted with what waits for subscribers; a quarter of that is what a small machine can give.
    protected override INatsSocketConnection Wrap(INatsSocketConnection socket) =>
        ReadAhead.Of(socket, Math.Min(options.MaxPendingBytes, options.MaxTotalPendingBytes / 4));

    protected override void AfterLoss(NatsConnection lost)
    {
        // The client library is at it.
    }

    protected override bool LeaveNow(NatsConnection lame)
    {
        // It ends when the connection is open again, which may be long.
        lame.ReconnectAsync().AsTask().Forget();
        return false;
    }
}
