using System.Net;
using System.Runtime.InteropServices;
using Httpmq.Api.Access;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Tls;
using Httpmq.Application.Health;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Infrastructure.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace Httpmq.Api.Hosting;

/// <summary>
/// The life of the process: starts the embedded server where there is one, then the hosts of the APIs; stops the other way
/// round on SIGINT or SIGTERM, or when one of them gives up.
/// </summary>
#pragma warning disable CA1001 // The one that runs it disposes what it holds: RunAsync.
internal sealed class HttpmqProcess(
    HttpmqSettings settings, TextWriter output, TextWriter errors, Func<CommandLineResult>? readAgain = null)
#pragma warning restore CA1001
{
    private const int Failed = 1;

    /// <summary>How long the ready block waits for NATS before it says that NATS is not there yet.</summary>
    private static readonly TimeSpan NatsTimeLimit = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan EmbeddedReconnectWait = TimeSpan.FromMilliseconds(200);

    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _starting = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<IHost> _started = [];
    private readonly ProcessLog _log = new(settings.Log);
    private Task _reloading = Task.CompletedTask;
    private MetricsExport? _metrics;

    /// <summary>Runs until it is told to stop; the exit code.</summary>
    public async Task<int> RunAsync()
    {
        using var starting = _starting;
        using var stopping = _stopping;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var tracing = settings.Traces is { } traces ? new Tracing(traces, _log) : null;
        try
        {
            await StartMetricsAsync();
            var embedded = settings.UsesEmbeddedNats ? await StartEmbeddedAsync() : null;
            var apis = await StartApisAsync(embedded);
            await PrintReadyAsync(apis, embedded);
            await StartMemory.ReleaseAsync(starting.Token);
            await _stop.Task;
            return Environment.ExitCode;
        }
        catch (OperationCanceledException) when (_stop.Task.IsCompleted)
        {
            // Told to stop while starting, which can take long when a big store is restored.
            return Environment.ExitCode;
        }
        catch (StartException exception)
        {
            await errors.WriteLineAsync($"httpmq: {exception.Message}");
            return Failed;
        }
        finally
        {
            await StopAsync();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Stop();
    }

    private void Stop()
    {
        if (_stop.TrySetResult())
        {
            _starting.Cancel();
        }
    }

    /// <summary>First, so that nothing is missed; it also tells of a start that takes long.</summary>
    private async Task StartMetricsAsync()
    {
        if (settings.Metrics is not { } metrics)
        {
            return;
        }

        _metrics = new MetricsExport(metrics, settings.Management, _log);
        await ListenAsync(
            () => _metrics.StartAsync(_starting.Token),
            $"{MetricsDeclaration.Section}.{MetricsDeclaration.ListenOn}",
            $"{MetricsDeclaration.Section}.{MetricsDeclaration.ListenPort}",
            metrics.ListenOn,
            metrics.ListenPort);
    }

    private async Task<EmbeddedNatsServer> StartEmbeddedAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.Configure(_log);
        builder.Services.AddSingleton<IHostLifetime, ProcessOwnsSignals>();
        builder.Services.AddEmbeddedNats(settings.EmbeddedNatsOptions());
        var host = builder.Build();
        try
        {
            await StartAsync(host);
        }
        catch (EmbeddedNatsException exception)
        {
            throw new StartException(EmbeddedNatsAdvice.Describe(exception), exception);
        }

        return host.Services.GetRequiredService<EmbeddedNatsServer>();
    }

    private async Task<IReadOnlyList<(ApiGroup Group, ApiServerSettings Server, IHost Host)>> StartApisAsync(EmbeddedNatsServer? embedded)
    {
        var nats = embedded is null ? settings.NatsOptions() : new NatsOptions
        {
            Url = embedded.ServerUri,
            Diagnosis = embedded,
            Login = embedded.Login,
            ConnectTimeout = settings.Nats.ConnectTimeout,
            ReconnectWait = EmbeddedReconnectWait,
        };
        var access = settings.Access is { } given ? new ConfiguredCallers(given) : null;
        var rates = new RateLimiter(settings.RateLimits);
        var apis = new List<(ApiGroup, ApiServerSettings, IHost)>();
        foreach (var (group, server) in settings.Served())
        {
            var host = ApiHost.Build(
                group, server, nats with { Name = $"httpmq-{group.Name}" }, _log, settings.Limits, settings.DrainTimeout,
                access: access, rates: rates, lag: apis.Count == 0 ? ChooseLag() : null);
            apis.Add((group, server, host));
            try
            {
                await StartAsync(host);
            }
            catch (IOException exception) when (exception.InnerException is AddressInUseException)
            {
                throw new StartException(ApiAddresses.DescribeInUse(group, server, exception), exception);
            }
            catch (System.Net.Sockets.SocketException exception)
            {
                throw new StartException(ApiAddresses.DescribeUnknown(group, server, exception), exception);
            }
            catch (TlsException exception)
            {
                throw new StartException($"{group.Name}.{ServerSettingKeys.Tls}.{exception.Problem.Key}: {exception.Message}", exception);
            }
        }

        if (settings.ConfigFile is { } file && readAgain is not null)
        {
            var logger = apis[0].Item3.Services.GetRequiredService<ILogger<AccessReload>>();
            _reloading = new AccessReload(file, settings.Access, readAgain, access, rates, _log, logger)
                .RunAsync(TimeProvider.System, _stopping.Token);
        }

        return apis;
    }

    private static async Task ListenAsync(Func<Task> start, string addressKey, string portKey, IPAddress address, int port)
    {
        try
        {
            await start();
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new StartException(
                $"{portKey}: {address}:{port} is in use by another process; stop it, or choose another port with this key or "
                    + $"{Catalogue.VariableOf(portKey)}",
                exception);
        }
        catch (System.Net.Sockets.SocketException exception)
        {
            throw new StartException(
                $"{addressKey}: cannot listen on {address}:{port}: {exception.Message}; it must be an address of this machine", exception);
        }
    }

    // One host gathers it: the first, which in mode "all" is the one whose NATS user may list everything.
    private LagOptions? ChooseLag() => settings.Metrics is { LagInterval: { } interval, MaxConsumers: var most }
        ? new LagOptions(interval, most)
        : null;

    private async Task StartAsync(IHost host)
    {
        _started.Add(host);
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(Stop);
        await host.StartAsync(_starting.Token);
    }

    private async Task PrintReadyAsync(
        IReadOnlyList<(ApiGroup Group, ApiServerSettings Server, IHost Host)> apis, EmbeddedNatsServer? embedded)
    {
        var (ready, version, problem) = await WaitForNatsAsync(apis[0].Host.Services.GetRequiredService<IBrokerHealth>());
        await output.WriteLineAsync(
            $"{ProductVersion.Text} {(ready ? "is ready" : "has started")}, mode {settings.Mode.ToString().ToLowerInvariant()}");
        foreach (var (group, server, _) in apis)
        {
            foreach (var url in ApiAddresses.UrlsOf(server))
            {
                await output.WriteLineAsync($"  {group.Name,-12} {url}   Swagger UI {url}/swagger");
            }
        }

        if (_metrics is not null)
        {
            await output.WriteLineAsync($"  {"metrics",-12} {_metrics.Address}");
        }

        var address = embedded?.ServerUri ?? settings.Nats.DisplayUri;
        var state = ready ? $"nats-server {version}" : "not reachable yet, trying again";
        await output.WriteLineAsync($"  {"NATS",-12} {address}   {state}{(embedded is null ? string.Empty : ", embedded")}");
        if (problem is not null)
        {
            await output.WriteLineAsync($"  {"WARNING",-12} {PlainText.OneLine(problem)}");
        }

        if (settings.Metrics is { } metrics && !IPAddress.IsLoopback(metrics.ListenOn))
        {
            await output.WriteLineAsync(
                $"  {"WARNING",-12} metrics: port {metrics.ListenPort} can be reached from other machines, in the clear, and by anybody");
        }

        var isOpen = settings.Access is not { Anonymous.Count: 0 };
        foreach (var warning in apis.SelectMany(api => ApiAddresses.WarningsOf(api.Group, api.Server, isOpen)))
        {
            await output.WriteLineAsync($"  {"WARNING",-12} {warning}");
        }

        if (embedded is not null)
        {
            await output.WriteLineAsync($"  {"program",-12} {embedded.Executable}");
            await output.WriteLineAsync($"  {"data folder",-12} {embedded.DataFolder}");
            foreach (var warning in embedded.Warnings)
            {
                await output.WriteLineAsync($"  {"WARNING",-12} {warning}");
            }

            foreach (var damage in embedded.Damage)
            {
                await output.WriteLineAsync($"  {"DAMAGE",-12} {damage}");
            }
        }

        await output.FlushAsync();
    }

    private async Task<(bool Ready, string? Version, string? Problem)> WaitForNatsAsync(IBrokerHealth health)
    {
        string? problem = null;
        using var timeLimit = CancellationTokenSource.CreateLinkedTokenSource(_starting.Token);
        timeLimit.CancelAfter(NatsTimeLimit);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        try
        {
            while (await health.CheckAsync(timeLimit.Token) is { } error)
            {
                problem = error["problem"] as string;
                await poll.WaitForNextTickAsync(timeLimit.Token);
            }

            return (true, health.ServerVersion, null);
        }
        catch (OperationCanceledException)
        {
            return (false, null, problem);
        }
    }

    /// <summary>The APIs drain side by side; the embedded server, started first, stops when they are done with it.</summary>
    private async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _reloading;
        using var limit = new CancellationTokenSource(settings.DrainTimeout, TimeProvider.System);
        var first = settings.UsesEmbeddedNats ? 1 : 0;
        await Task.WhenAll(_started.Skip(first).Select(host => StopAsync(host, limit.Token)));
        foreach (var host in _started.Take(first))
        {
            await StopAsync(host, CancellationToken.None);
        }

        await (_metrics?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private static async Task StopAsync(IHost host, CancellationToken cancellationToken)
    {
        try
        {
            await host.StopAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The limit is over; what is left is cut off by disposing the host.
        }

        await ((IAsyncDisposable)host).DisposeAsync();
    }

    private sealed class StartException(string message, Exception inner) : Exception(message, inner);
}
