using Httpmq.Application.Consumers;
using Httpmq.Application.Definitions;
using Httpmq.Application.Health;
using Httpmq.Application.Info;
using Httpmq.Application.Publishing;
using Httpmq.Application.Reading;
using Httpmq.Application.Settling;
using Httpmq.Application.Streams;
using Httpmq.Application.Subscriptions;
using Httpmq.Application.Telemetry;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Consumers;
using Httpmq.Infrastructure.Definitions;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Infrastructure.Health;
using Httpmq.Infrastructure.Info;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Publishing;
using Httpmq.Infrastructure.Reading;
using Httpmq.Infrastructure.Requests;
using Httpmq.Infrastructure.Settling;
using Httpmq.Infrastructure.Streams;
using Httpmq.Infrastructure.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Httpmq.Infrastructure;

public static class DependencyInjection
{
    /// <summary>Gathers the state of streams and consumers for metrics; in one host of a process.</summary>
    public static IServiceCollection AddConsumerLag(this IServiceCollection services, LagOptions options) =>
        services.AddSingleton(options).AddHostedService<ConsumerLag>();

    /// <summary>Adds NATS JetStream behind the application's ports, with one connection for requests and one for deliveries.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="options">How to reach NATS.</param>
    /// <param name="deliveries">Whether there will be subscribers; without, the second connection is not opened.</param>
    public static IServiceCollection AddJetStream(this IServiceCollection services, NatsOptions options, bool deliveries)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GatewayMetrics>();
        services.AddSingleton(options);
        services.AddSingleton<RequestLink>();
        services.AddSingleton<DeliveryLink>();
        services.AddSingleton<JetStreamApi>();
        services.AddSingleton<RequestPipeline>();
        services.AddSingleton<ConsumerLedger>();
        services.AddSingleton<DeliverySources>();
        services.AddSingleton<AdvisoryListener>();

        services.AddSingleton<LockStream>();
        services.AddSingleton<IDefinitionLocks, DefinitionLocks>();
        services.AddSingleton<IStreamStore, StreamStore>();
        services.AddSingleton<IStreamContents, StreamContents>();
        services.AddSingleton<IConsumerStore, ConsumerStore>();
        services.AddSingleton<IConsumerControl, ConsumerControl>();
        services.AddSingleton<IBrokerInfo, BrokerInfoReader>();
        services.AddSingleton<IStreamConsumers>(provider => provider.GetRequiredService<IConsumerStore>());
        services.AddSingleton<IMessageReader, MessageReader>();
        services.AddSingleton<IReplayFactory, Replays>();
        services.AddSingleton<IMessagePublisher, MessagePublisher>();
        services.AddSingleton<IAtomicPublisher, AtomicPublisher>();
        services.AddSingleton<MessageAcknowledger>();
        services.AddSingleton<IMessageAcknowledger, MeasuredAcknowledger>();
        services.AddSingleton<IDeliverySourceFactory>(provider => provider.GetRequiredService<DeliverySources>());
        services.AddSingleton<IPullFactory>(provider => provider.GetRequiredService<DeliverySources>());
        services.AddHostedService(provider => new BrokerGauges(
            provider.GetRequiredService<GatewayMetrics>(),
            provider.GetRequiredService<RequestPipeline>(),
            provider.GetRequiredService<RequestLink>(),
            deliveries ? provider.GetRequiredService<DeliveryLink>() : null));
        services.AddHostedService(provider => provider.GetRequiredService<RequestLink>());
        services.AddSingleton<IBrokerHealth>(provider => new BrokerHealth(
            provider.GetRequiredService<JetStreamApi>(),
            provider.GetRequiredService<RequestPipeline>(),
            provider.GetRequiredService<RequestLink>(),
            deliveries ? provider.GetRequiredService<DeliveryLink>() : null,
            options));
        if (deliveries)
        {
            // The listener first: it must hear of the connection that the link opens.
            services.AddHostedService(provider => provider.GetRequiredService<AdvisoryListener>());
            services.AddHostedService(provider => provider.GetRequiredService<DeliveryLink>());
        }

        return services;
    }
}
