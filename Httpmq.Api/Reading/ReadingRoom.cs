using NSwag.Generation.Processors;

namespace Httpmq.Api.Reading;

internal static class ReadingRoom
{
    /// <summary>Reading stored messages over HTTP; its controller is found by the host.</summary>
    public static IServiceCollection AddReading(this IServiceCollection services) =>
        services.AddSingleton<IOperationProcessor, ReadOperation>();
}
