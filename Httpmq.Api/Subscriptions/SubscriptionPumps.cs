using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;

namespace Httpmq.Api.Subscriptions;

/// <summary>Runs subscriptions, with what all of them need.</summary>
internal sealed class SubscriptionPumps(
    OpenStreams streams, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SubscriptionPumps> logger)
{
    /// <summary>Runs one subscription, which has its place, to its end; the source is disposed and the place given back then.</summary>
    public async Task RunAsync(HttpContext http, IDeliverySource source, FramingOptions options)
    {
        var framing = Framings.Create(options, http.Response.BodyWriter, http.TraceIdentifier, source.Stream, source.Consumer);
        var pump = new SubscriptionPump(http, source, framing, time, lifetime.ApplicationStopping);
        await streams.RunAsync(pump, () => RunAsync(pump, source));
    }

    private async Task RunAsync(SubscriptionPump pump, IDeliverySource source)
    {
        logger.Subscribed(pump.RequestId, source.Stream, source.Consumer);
        var reason = PumpEnd.ClientGone;
        try
        {
            reason = await pump.RunAsync();
        }
        finally
        {
            try
            {
                // Its own clean-up: the request's token is cancelled by now.
                await source.DisposeAsync();
            }
            finally
            {
                streams.LeaveSubscription();
                logger.Unsubscribed(pump.RequestId, source.Stream, source.Consumer, pump.Deliveries, reason.ToString());
            }
        }
    }
}
