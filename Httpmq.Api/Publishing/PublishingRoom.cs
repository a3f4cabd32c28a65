using NSwag.Generation.Processors;

namespace Httpmq.Api.Publishing;

internal static class PublishingRoom
{
    /// <summary>Publishing over HTTP, one by one and in batches; its controller is found by the host.</summary>
    public static IServiceCollection AddPublishing(this IServiceCollection services) => services
        .AddSingleton<IOperationProcessor, PublishOperation>()
        .AddSingleton<IOperationProcessor, BatchOperation>()
        .AddSingleton<BatchPublications>()
        .AddSingleton<PublishEndpoint>();
}
