using System.Collections.Frozen;
using System.Net;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Application.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Gathers the metrics of the whole process, shows them to Prometheus on a port of their own, and sends them where that is configured
/// (docs/adr/0024-metrics.md).
/// </summary>
internal sealed class MetricsExport : IAsyncDisposable
{
    public const string Path = "/metrics";

    // Of the framework and of the NATS client; the runtime has no packages for its meters.
    private static readonly string[] OtherMeters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "NATS.Net"];

    // What each message or request would pay for, and tells little beside the rest: the NATS client measures each message, also with its
    // subject as a tag; the last two count each request in and out.
    private static readonly string[] LeftOut =
    [
        "messaging.*", "nats.client.sent.bytes", "nats.client.received.bytes", "kestrel.queued_requests", "http.server.active_requests",
    ];

    private const string RequestDuration = "http.server.request.duration";

    private readonly ILoggerFactory _loggers;
    private readonly MeterProvider _provider;
    private readonly WebApplication _host;
    private readonly MetricSettings _settings;

    /// <param name="settings">Where metrics go.</param>
    /// <param name="management">By which names the process may be called, and by whose pages.</param>
    /// <param name="log">How the process logs.</param>
    public MetricsExport(MetricSettings settings, ApiServerSettings management, ProcessLog log)
    {
        _settings = settings;
        _loggers = LoggerFactory.Create(logging => logging.Configure(log));
        _provider = CreateProvider(settings, _loggers);
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ApplicationName = typeof(MetricsExport).Assembly.GetName().Name });
        builder.Configuration.Sources.Clear();
        builder.Logging.Configure(log);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 100;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(new IPEndPoint(settings.ListenOn, settings.ListenPort));
        });
        builder.Services.AddSingleton<IHostLifetime, ProcessOwnsSignals>();
        builder.Services.AddSingleton(GuardedAs(management, settings));
        _host = builder.Build();
        _host.UseMiddleware<WebPageGuard>(ApiGroup.Management);
        _host.Use((context, next) =>
        {
            // What is measured is not how it is measured.
            LongRequest.LeaveOutOfDurations(context);
            return next(context);
        });
        _host.UseOpenTelemetryPrometheusScrapingEndpoint(
            _provider, predicate: null, Path, configureBranchedPipeline: null, optionsName: null);
    }

    /// <summary>Where Prometheus scrapes.</summary>
    public string Address => $"http://{new IPEndPoint(_settings.ListenOn, _settings.ListenPort)}{Path}";

    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <summary>Sends what is not sent yet, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _provider.Dispose();
        _loggers.Dispose();
    }

    /// <summary>Prometheus may call this port by a name that the APIs do not have; over loopback another name is a page's trick.</summary>
    private static ApiServerSettings GuardedAs(ApiServerSettings management, MetricSettings settings) =>
        IPAddress.IsLoopback(settings.ListenOn)
            ? management
            : management with { AllowedHosts = FrozenSet.Create(StringComparer.Ordinal, "*") };

    private static MeterProvider CreateProvider(MetricSettings settings, ILoggerFactory loggers)
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(static resource => resource
                .Clear()
                .AddService("httpmq", serviceVersion: ProductVersion.Number)
                .AddTelemetrySdk()
                .AddEnvironmentVariableDetector())
            .AddMeter(MetricNames.Meter, MetricNames.LagMeter)
            .AddMeter(OtherMeters)
            .AddView(RequestDuration, Buckets())
            .AddView("jetstream_*", new MetricStreamConfiguration { CardinalityLimit = LagPlaces(settings) })
            .AddPrometheusExporter();
        foreach (var instrument in LeftOut)
        {
            builder.AddView(instrument, MetricStreamConfiguration.Drop);
        }

        if (settings.Otlp is { } otlp)
        {
            builder.AddReader(new PeriodicExportingMetricReader(
                new WatchedMetricExporter(otlp.ToOptions("/v1/metrics"), loggers.CreateLogger<CollectorWatch>()),
                (int)settings.OtlpInterval.TotalMilliseconds));
        }

        return builder.Build();
    }

    // Twice as many as there are at once, because deleted ones keep theirs for a while, and two that OpenTelemetry has for itself.
    private static int LagPlaces(MetricSettings settings) => (2 * settings.MaxConsumers) + 2;

    private static ExplicitBucketHistogramConfiguration Buckets() => new() { Boundaries = [.. GatewayMetrics.DurationBuckets] };
}
