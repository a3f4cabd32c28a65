using NSwag.Generation.Processors;

namespace Httpmq.Api.Subscriptions;

internal static class SubscriptionsRoom
{
    /// <summary>Subscribing over HTTP; its controller is found by the host.</summary>
    public static IServiceCollection AddSubscriptions(this IServiceCollection services) => services
        .AddSingleton<IOperationProcessor, SubscribeOperation>()
        .AddSingleton<IOperationProcessor, DuplexOperation>()
        .AddSingleton<IOperationProcessor, ReplayOperation>()
        .AddSingleton<SubscriptionPumps>();
}
