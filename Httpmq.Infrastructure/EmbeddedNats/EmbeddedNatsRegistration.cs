using Httpmq.Application.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>Registers the embedded nats-server.</summary>
public static class EmbeddedNatsRegistration
{
    /// <summary>
    /// Adds <see cref="EmbeddedNatsServer"/> and ties it to the host: ready before any other hosted service starts, stopped
    /// after all of them have stopped, whatever the order of registration. When it cannot be started, the host's start
    /// throws <see cref="EmbeddedNatsException"/>.
    /// </summary>
    public static IServiceCollection AddEmbeddedNats(this IServiceCollection services, EmbeddedNatsOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GatewayMetrics>();
        services.AddSingleton(options);
        services.AddSingleton<EmbeddedNatsServer>();
        return services.AddHostedService<EmbeddedNatsLifetime>();
    }
}

internal sealed class EmbeddedNatsLifetime(EmbeddedNatsServer server) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => server.StartAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);
}
