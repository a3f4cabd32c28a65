using NSwag.Generation.Processors;

namespace Httpmq.Api.Settling;

internal static class SettlingRoom
{
    /// <summary>Acknowledging over HTTP; its controller is found by the host.</summary>
    public static IServiceCollection AddSettling(this IServiceCollection services) => services
        .AddSingleton(AcknowledgeOperation.BodyMapper)
        .AddSingleton(SettleOperation.BodyMapper)
        .AddSingleton<AckEndpoint>()
        .AddSingleton<IOperationProcessor, AcknowledgeOperation>()
        .AddSingleton<IOperationProcessor, SettleOperation>();
}
