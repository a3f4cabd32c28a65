using FluentValidation;
using Httpmq.Application.Publishing;
using Httpmq.Application.Settling;
using Httpmq.Application.Telemetry;
using Httpmq.Application.Validation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Httpmq.Application;

public static class DependencyInjection
{
    /// <summary>
    /// Adds the use cases. Handlers and validators keep no state, so each is made once.
    /// The ports that they need come from the infrastructure.
    /// </summary>
    public static IServiceCollection AddApplication(this IServiceCollection services, PublishBatchOptions batch, SettleOptions settle)
    {
        services.AddSingleton<ServiceFactory>(provider => provider.GetRequiredService);
        services.AddSingleton<IMediator, Mediator>();
        services.TryAddSingleton<GatewayMetrics>();
        services.AddSingleton(batch);
        services.AddSingleton<OpenBatches>();
        services.AddSingleton<SinglePublish>();
        services.AddSingleton<SingleAck>();
        services.AddSingleton(_ => new SettleRoom(settle.Window));
        services.AddSingleton(typeof(IPipelineBehavior<,>), typeof(ValidationBehavior<,>));
        services.AddValidatorsFromAssembly(typeof(DependencyInjection).Assembly, ServiceLifetime.Singleton, includeInternalTypes: true);

        // MediatR 5 brings no registration of its own.
        foreach (var type in typeof(DependencyInjection).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false }))
        {
            foreach (var handler in type.GetInterfaces().Where(IsRequestHandler))
            {
                services.AddSingleton(handler, type);
            }
        }

        return services;
    }

    private static bool IsRequestHandler(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IRequestHandler<,>);
}
