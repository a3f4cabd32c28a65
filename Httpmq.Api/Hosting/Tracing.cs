using System.Diagnostics;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Api.Tracing;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Traces the process, both of its hosts, while it is not disposed: samples, and sends spans to a collector. What nobody takes is dropped.
/// </summary>
/// <remarks>
/// Spans are those of requests and of <see cref="Spans"/>. The NATS client's are left out: for it a message is a request with an answer,
/// and it would put its own context into the headers of each.
/// </remarks>
internal sealed class Tracing : IDisposable
{
    private readonly ILoggerFactory _loggers;
    private readonly IDisposable _provider;

    public Tracing(TraceSettings settings, ProcessLog log)
        : this(settings, LoggerFactory.Create(logging => logging.Configure(log)))
    {
    }

    private Tracing(TraceSettings settings, ILoggerFactory loggers)
    {
        _loggers = loggers;
        var exporter = new WatchedTraceExporter(settings.Otlp.ToOptions("/v1/traces"), loggers.CreateLogger<CollectorWatch>());
        _provider = Build(settings.SampleRatio, new BatchActivityExportProcessor(exporter));
    }

    /// <summary>Traces the process.</summary>
    /// <param name="sampleRatio">The share of traces that begin here and are recorded.</param>
    /// <param name="processor">Takes the spans.</param>
    public static IDisposable Build(double sampleRatio, BaseProcessor<Activity> processor)
    {
        var provider = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty()
                .AddService("httpmq", serviceVersion: ProductVersion.Number)
                .AddTelemetrySdk()
                .AddEnvironmentVariableDetector())
            .SetSampler(new ParentBasedSampler(new LinkSampler(sampleRatio)))
            .AddSource(Spans.SourceName)
            .AddProcessor(processor)
            .Build();
        return new RequestSpans(sampleRatio, processor, provider);
    }

    /// <summary>Sends what waits, for 5 s at most.</summary>
    public void Dispose()
    {
        _provider.Dispose();
        _loggers.Dispose();
    }
}

/// <summary>Decides about traces that begin here: what is linked to a sampled trace is sampled, of all others a part.</summary>
internal sealed class LinkSampler(double ratio) : Sampler
{
    private readonly TraceIdRatioBasedSampler _ratio = new(ratio);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        foreach (var link in samplingParameters.Links ?? [])
        {
            if ((link.Context.TraceFlags & ActivityTraceFlags.Recorded) != ActivityTraceFlags.None)
            {
                return new SamplingResult(SamplingDecision.RecordAndSample);
            }
        }

        return _ratio.ShouldSample(samplingParameters);
    }
}
