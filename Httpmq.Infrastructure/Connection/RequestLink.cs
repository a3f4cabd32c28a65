using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// The connection for everything that is asked and answered; deliveries have their own, <see cref="DeliveryLink"/>. When it is lost another
/// takes its place, and what was not sent goes with it: the client library would keep it, and send it when the publisher was told of its
/// failure long ago. When the configured attempts are used up it stops the process with an error.
/// </summary>
internal sealed class RequestLink(NatsOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILoggerFactory loggers)
    : NatsLink(options, lifetime, time, loggers)
{
    protected override bool OpensAgain => false;

    protected override void AfterLoss(NatsConnection lost)
    {
        Replace();
        DisposeAsync(lost).Forget();
    }

    protected override bool LeaveNow(NatsConnection lame)
    {
        AfterLoss(lame);
        return true;
    }

    private static async Task DisposeAsync(NatsConnection lost)
    {
        // Its own event loop has called, and is waited for by the disposal.
        await Task.Yield();
        await lost.DisposeAsync();
    }
}
