using System.Diagnostics.Metrics;
using Httpmq.Application.Telemetry;

namespace Httpmq.Infrastructure.Telemetry;

/// <summary>
/// Shows the last snapshot as series. Whoever collects keeps a place for each series that there ever was, so that the instruments are made
/// anew before those of deleted streams and consumers have taken all places.
/// </summary>
/// <param name="options">So many streams and consumers have series at once; twice as many may have had one.</param>
/// <param name="time">The clock.</param>
internal sealed class LagSeries(LagOptions options, TimeProvider time) : IDisposable
{
    // What is older tells more of JetStream than of the consumers.
    private const int MostIntervals = 4;

    private readonly HashSet<string> _streams = new(StringComparer.Ordinal);
    private readonly HashSet<(string Stream, string Consumer)> _consumers = [];
    private volatile LagSnapshot? _snapshot;
    private Meter? _meter;
    private long _started;

    /// <summary>From now on the age counts, also before there is anything to show: that nothing comes is to be seen, too.</summary>
    public void Start()
    {
        _started = time.GetTimestamp();
        _meter = CreateMeter();
    }

    /// <summary>Shows another snapshot; for one caller at a time.</summary>
    public void Show(LagSnapshot snapshot)
    {
        var streams = _streams.Union(snapshot.Streams.Select(static stream => stream.Name), StringComparer.Ordinal).Count();
        var consumers = _consumers.Union(snapshot.Consumers.Select(static consumer => (consumer.Stream, consumer.Name))).Count();
        var isFull = Math.Max(streams, consumers) > 2 * options.MaxConsumers;
        if (isFull)
        {
            _meter?.Dispose();
            _meter = null;
            _streams.Clear();
            _consumers.Clear();
        }

        _streams.UnionWith(snapshot.Streams.Select(static stream => stream.Name));
        _consumers.UnionWith(snapshot.Consumers.Select(static consumer => (consumer.Stream, consumer.Name)));
        _snapshot = snapshot;
        _meter ??= CreateMeter();
    }

    public void Dispose() => _meter?.Dispose();

    private Meter CreateMeter()
    {
        var meter = new Meter(MetricNames.LagMeter);
        OfStreams(meter, MetricNames.StreamMessages, static stream => stream.State.Messages);
        OfStreams(meter, MetricNames.StreamBytes, static stream => stream.State.Bytes);
        OfStreams(meter, MetricNames.StreamFirst, static stream => stream.State.FirstSeq);
        OfStreams(meter, MetricNames.StreamLast, static stream => stream.State.LastSeq);
        OfStreams(meter, MetricNames.StreamConsumers, static stream => (ulong)stream.State.ConsumerCount);
        OfConsumers(meter, MetricNames.ConsumerPending, static consumer => consumer.State.NumPending);
        OfConsumers(meter, MetricNames.ConsumerAckPending, static consumer => (ulong)consumer.State.NumAckPending);
        OfConsumers(meter, MetricNames.ConsumerRedelivered, static consumer => (ulong)consumer.State.NumRedelivered);
        OfConsumers(meter, MetricNames.ConsumerWaiting, static consumer => (ulong)consumer.State.NumWaiting);
        OfConsumers(meter, MetricNames.ConsumerDeliveredConsumer, static consumer => consumer.State.Delivered?.ConsumerSeq ?? 0);
        OfConsumers(meter, MetricNames.ConsumerDeliveredStream, static consumer => consumer.State.Delivered?.StreamSeq ?? 0);
        OfConsumers(meter, MetricNames.ConsumerFloorConsumer, static consumer => consumer.State.AckFloor?.ConsumerSeq ?? 0);
        OfConsumers(meter, MetricNames.ConsumerFloorStream, static consumer => consumer.State.AckFloor?.StreamSeq ?? 0);
        meter.CreateObservableGauge(
            MetricNames.LagOmitted.Name, () => _snapshot?.Omitted ?? 0, MetricNames.LagOmitted.Unit, MetricNames.LagOmitted.Description);
        meter.CreateObservableGauge(
            MetricNames.LagAge.Name,
            () => time.GetElapsedTime(_snapshot?.At ?? _started).TotalSeconds,
            MetricNames.LagAge.Unit,
            MetricNames.LagAge.Description);
        return meter;
    }

    private LagSnapshot? Current() =>
        _snapshot is { } snapshot && time.GetElapsedTime(snapshot.At) <= MostIntervals * options.Interval ? snapshot : null;

    private void OfStreams(Meter meter, MetricName name, Func<StreamLag, ulong> value) => meter.CreateObservableGauge(
        name.Name,
        () => (Current()?.Streams ?? []).Select(stream => new Measurement<long>((long)value(stream), stream.Tags)),
        name.Unit,
        name.Description);

    private void OfConsumers(Meter meter, MetricName name, Func<ConsumerLagState, ulong> value) => meter.CreateObservableGauge(
        name.Name,
        () => (Current()?.Consumers ?? []).Select(consumer => new Measurement<long>((long)value(consumer), consumer.Tags)),
        name.Unit,
        name.Description);
}
