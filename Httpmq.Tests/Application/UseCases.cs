using Httpmq.Application;
using Httpmq.Application.Consumers;
using Httpmq.Application.Definitions;
using Httpmq.Application.Health;
using Httpmq.Application.Info;
using Httpmq.Application.Publishing;
using Httpmq.Application.Reading;
using Httpmq.Application.Settling;
using Httpmq.Application.Streams;
using Httpmq.Application.Subscriptions;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Moq;

namespace Httpmq.Tests.Application;

/// <summary>The use cases as they are put together, on strict ports: reaching one without a set-up fails the test.</summary>
internal sealed class UseCases : IDisposable
{
    public UseCases() =>
        Services = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddMetrics()
            .AddSingleton(Streams.Object)
            .AddSingleton(new Mock<IConsumerControl>(MockBehavior.Strict).Object)
            .AddSingleton(new Mock<IStreamContents>(MockBehavior.Strict).Object)
            .AddSingleton(new Mock<IConsumerStore>(MockBehavior.Strict).Object)
            .AddSingleton(new Mock<IStreamConsumers>(MockBehavior.Strict).Object)
            .AddSingleton(new Mock<IDefinitionLocks>(MockBehavior.Strict).Object)
            .AddSingleton(new Mock<IDeliverySourceFactory>(MockBehavior.Strict).Object)
            .AddSingleton(Reader.Object)
            .AddSingleton(new Mock<IReplayFactory>(MockBehavior.Strict).Object)
            .AddSingleton(new Mock<IPullFactory>(MockBehavior.Strict).Object)
            .AddSingleton(new Mock<IBrokerHealth>(MockBehavior.Strict).Object)
            .AddSingleton(new Mock<IBrokerInfo>(MockBehavior.Strict).Object)
            .AddSingleton(Publisher.Object)
            .AddSingleton(AtomicPublisher.Object)
            .AddSingleton(Acknowledger.Object)
            .AddApplication(new PublishBatchOptions(), new SettleOptions())
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });

    public Mock<IStreamStore> Streams { get; } = new(MockBehavior.Strict);

    public Mock<IMessageReader> Reader { get; } = new(MockBehavior.Strict);

    public Mock<IMessagePublisher> Publisher { get; } = new(MockBehavior.Strict);

    public Mock<IAtomicPublisher> AtomicPublisher { get; } = new(MockBehavior.Strict);

    public Mock<IMessageAcknowledger> Acknowledger { get; } = new(MockBehavior.Strict);

    public ServiceProvider Services { get; }

    public IMediator Mediator => Services.GetRequiredService<IMediator>();

    public void Dispose() => Services.Dispose();
}
