using Httpmq.Application.Telemetry;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>What the sources share.</summary>
/// <param name="Link">The connection for deliveries.</param>
/// <param name="Sender">Sends over it.</param>
/// <param name="Options">How to use it.</param>
/// <param name="Ledger">Learns what was delivered.</param>
/// <param name="Metrics">Counts redeliveries.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">For all sources.</param>
/// <param name="Shedding">Ends somebody, because more waits than may.</param>
/// <param name="OnClosed">Hears of a source whose subscriber left.</param>
/// <param name="LeaveLater">Takes a source that cannot say goodbye now, and has it do so when NATS is back.</param>
/// <param name="RequestCheck">Checks whether the consumer is still there, and ends the source where it is not.</param>
/// <param name="Stopping">The process stops.</param>
internal sealed record SourceContext(
    DeliveryLink Link,
    BackgroundSender Sender,
    NatsOptions Options,
    ConsumerLedger Ledger,
    GatewayMetrics Metrics,
    TimeProvider Time,
    ILogger Logger,
    Shedding Shedding,
    Action<DeliverySource> OnClosed,
    Action<DeliverySource> LeaveLater,
    Action<DeliverySource> RequestCheck,
    CancellationToken Stopping);
