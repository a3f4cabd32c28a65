using System.Diagnostics;
using Httpmq.Api.Http;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Httpmq.Api.Hosting;

/// <summary>Says once when a collector does not take what it is sent, and once when it does again: the library tells nobody.</summary>
/// <param name="what">What is sent, such as Spans.</param>
/// <param name="collector">To where.</param>
/// <param name="logger">Says so.</param>
internal sealed class CollectorWatch(string what, Uri collector, ILogger<CollectorWatch> logger)
{
    private bool _isFailing;

    /// <summary>Notes the result of an export, and returns it.</summary>
    public ExportResult Note(ExportResult result)
    {
        if (result is ExportResult.Failure != _isFailing)
        {
            _isFailing = !_isFailing;
            if (_isFailing)
            {
                logger.TelemetryLost(what, collector);
            }
            else
            {
                logger.TelemetrySent(what, collector);
            }
        }

        return result;
    }
}

/// <summary>Sends spans.</summary>
internal sealed class WatchedTraceExporter(OtlpExporterOptions options, ILogger<CollectorWatch> logger) : OtlpTraceExporter(options)
{
    private readonly CollectorWatch _watch = new("Spans", options.Endpoint, logger);

    public override ExportResult Export(in Batch<Activity> activityBatch) => _watch.Note(base.Export(activityBatch));
}

/// <summary>Sends metrics.</summary>
internal sealed class WatchedMetricExporter(OtlpExporterOptions options, ILogger<CollectorWatch> logger) : OtlpMetricExporter(options)
{
    private readonly CollectorWatch _watch = new("Metrics", options.Endpoint, logger);

    public override ExportResult Export(in Batch<Metric> metrics) => _watch.Note(base.Export(metrics));
}
