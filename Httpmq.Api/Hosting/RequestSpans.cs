using System.Diagnostics;
using Httpmq.Api.Tracing;
using OpenTelemetry;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Decides which requests have a span, and takes those spans. The others have none: OpenTelemetry's own way makes one for each request, and
/// every wait of that request carries it along (docs/adr/0027-traces-follow-the-message.md).
/// </summary>
internal sealed class RequestSpans : IDisposable
{
    private readonly double _ratio;
    private readonly IDisposable _provider;
    private readonly ActivityListener _listener;

    /// <param name="ratio">The share of traces that begin here and are recorded.</param>
    /// <param name="processor">Takes the spans.</param>
    /// <param name="provider">Takes those below them, by the same processor; ended with this.</param>
    public RequestSpans(double ratio, BaseProcessor<Activity> processor, IDisposable provider)
    {
        (_ratio, _provider) = (ratio, provider);
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is RequestSpan.SourceName,
            Sample = Sample,
            ActivityStopped = processor.OnEnd,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _provider.Dispose();
    }

    // Whoever sent the request has decided, if they trace.
    private ActivitySamplingResult Sample(ref ActivityCreationOptions<ActivityContext> options)
    {
        var isSampled = options.Parent.TraceId == default
            ? _ratio > 0 && Random.Shared.NextDouble() < _ratio
            : (options.Parent.TraceFlags & ActivityTraceFlags.Recorded) != ActivityTraceFlags.None;
        return isSampled ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None;
    }
}
