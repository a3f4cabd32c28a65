using Httpmq.Application.Telemetry;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Requests;
using Microsoft.Extensions.Hosting;

namespace Httpmq.Infrastructure.Telemetry;

/// <summary>Shows the state of the connections to NATS, and what waits on them. Made before they are opened.</summary>
internal sealed class BrokerGauges(GatewayMetrics metrics, RequestPipeline requests, RequestLink link, DeliveryLink? deliveries)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.ObserveInflightRequests(link.Name, () => requests.Inflight);
        Watch(link);
        if (deliveries is not null)
        {
            Watch(deliveries);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Watch(NatsLink connection)
    {
        var wasOpen = 0;
        metrics.Reconnected(connection.Name, times: 0);
        metrics.ObserveConnection(connection.Name, () => connection.IsOpen);
        connection.Opened += () =>
        {
            if (Interlocked.Exchange(ref wasOpen, 1) != 0)
            {
                metrics.Reconnected(connection.Name);
            }
        };
    }
}
