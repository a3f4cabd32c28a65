using NSwag.Generation.Processors;

namespace Httpmq.Api.Pulling;

internal static class PullingRoom
{
    /// <summary>Pulling over HTTP; its controller is found by the host.</summary>
    public static IServiceCollection AddPulling(this IServiceCollection services) => services
        .AddSingleton<IOperationProcessor, PullOperation>()
        .AddSingleton<Pulls>();
}
