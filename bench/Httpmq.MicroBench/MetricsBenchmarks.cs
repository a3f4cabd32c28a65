using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Httpmq.MicroBench;

/// <summary>What a publish, a settlement and a flush of deliveries tell the metrics, heard and unheard.</summary>
public sealed class MetricsBenchmarks : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly GatewayMetrics _silent = new(Meters());
    private readonly SessionMetrics _silentSession;
    private readonly GatewayMetrics _heard;
    private readonly SessionMetrics _heardSession;

    public MetricsBenchmarks()
    {
        var meters = Meters();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        _listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        _listener.Start();
        _heard = new GatewayMetrics(meters);
        _silentSession = new SessionMetrics(_silent, "subscription", "lines");
        _heardSession = new SessionMetrics(_heard, "subscription", "lines");
    }

    [Benchmark]
    public bool Silent() => Measure(_silent, _silentSession);

    [Benchmark]
    public bool Heard() => Measure(_heard, _heardSession);

    public void Dispose() => _listener.Dispose();

    private static IMeterFactory Meters() =>
        new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private static bool Measure(GatewayMetrics metrics, SessionMetrics session)
    {
        metrics.Sent(100);
        metrics.Published(error: null, duplicate: false, TimeProvider.System, started: 1);
        metrics.Settled(SettleVerb.Ack, error: null, TimeProvider.System, started: 1);
        session.Delivered(1, 100);
        return metrics.TimesSettlements;
    }
}
