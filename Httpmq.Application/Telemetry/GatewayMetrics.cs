using System.Diagnostics.Metrics;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Application.Telemetry;

/// <summary>
/// Counts what the gateway does. While nobody listens to the meter each call is a look at a flag. No call allocates. What has to be
/// timed is asked for first.
/// </summary>
public sealed class GatewayMetrics
{
    /// <summary>The upper bounds of the buckets of all durations, in seconds: JetStream answers in fractions of a millisecond.</summary>
    public static readonly IReadOnlyList<double> DurationBuckets =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly KeyValuePair<string, object?> Confirmed = new(MetricNames.Outcome, "confirmed");
    private static readonly KeyValuePair<string, object?> Failed = new(MetricNames.Outcome, "error");

    private readonly Meter _meter;
    private readonly PublishCounts _publishes;
    private readonly Histogram<double> _publishDuration;
    private readonly Counter<long> _settlements;
    private readonly Histogram<double> _settleDuration;
    private readonly Counter<long> _redeliveries;
    private readonly UpDownCounter<long> _openBatches;
    private readonly Counter<long> _reconnects;
    private readonly Counter<long> _restarts;
    private readonly Counter<long> _accessRefusals;
    private readonly Counter<long> _rateRefusals;

    /// <param name="meters">Of the host; its meters end with it.</param>
    public GatewayMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _meter = meters.Create(MetricNames.Meter);
        _publishes = new PublishCounts(_meter);
        _publishDuration = Durations(MetricNames.PublishDuration);
        _settlements = Counter(MetricNames.Settlements);
        _settleDuration = Durations(MetricNames.SettleDuration);
        Deliveries = Counter(MetricNames.Deliveries);
        DeliveryBytes = Counter(MetricNames.DeliveryBytes);
        _redeliveries = Counter(MetricNames.Redeliveries);
        OpenSessions = _meter.CreateUpDownCounter<long>(
            MetricNames.OpenSessions.Name, MetricNames.OpenSessions.Unit, MetricNames.OpenSessions.Description);
        EndedSessions = Counter(MetricNames.EndedSessions);
        _openBatches = _meter.CreateUpDownCounter<long>(
            MetricNames.OpenBatches.Name, MetricNames.OpenBatches.Unit, MetricNames.OpenBatches.Description);
        _reconnects = Counter(MetricNames.NatsReconnects);
        _restarts = Counter(MetricNames.EmbeddedRestarts);
        _accessRefusals = Counter(MetricNames.AccessRefusals);
        _rateRefusals = Counter(MetricNames.RateRefusals);
    }

    /// <summary>Whether settlements are to be timed.</summary>
    public bool TimesSettlements => _settleDuration.Enabled || _settlements.Enabled;

    /// <summary>Whether redeliveries are to be told apart.</summary>
    public bool CountsRedeliveries => _redeliveries.Enabled;

    internal Counter<long> Deliveries { get; }

    internal Counter<long> DeliveryBytes { get; }

    internal UpDownCounter<long> OpenSessions { get; }

    internal Counter<long> EndedSessions { get; }

    /// <summary>A message goes to JetStream.</summary>
    /// <param name="bytes">Of its headers and its payload.</param>
    public void Sent(long bytes) => _publishes.AddBytes(bytes);

    /// <summary>What became of messages is known.</summary>
    /// <param name="error">Null where they are stored.</param>
    /// <param name="duplicate">Whether they had been stored before.</param>
    /// <param name="count">How many they are.</param>
    public void Published(Error? error, bool duplicate = false, int count = 1)
    {
        if (error is null)
        {
            _publishes.AddStored(duplicate, count);
        }
        else
        {
            _publishes.AddFailed(error.Type.Slug, count);
        }
    }

    /// <summary>As <see cref="Published(Error?, bool, int)"/>, with how long one message took.</summary>
    /// <param name="error">Null where it is stored.</param>
    /// <param name="duplicate">Whether it had been stored before.</param>
    /// <param name="time">The clock.</param>
    /// <param name="started">Its timestamp when the message was sent.</param>
    public void Published(Error? error, bool duplicate, TimeProvider time, long started)
    {
        Published(error, duplicate);
        if (!_publishDuration.Enabled)
        {
            return;
        }

        // The usual one has no tag to look up.
        if (error is null)
        {
            _publishDuration.Record(Seconds(time, started));
        }
        else
        {
            _publishDuration.Record(Seconds(time, started), new KeyValuePair<string, object?>(MetricNames.ErrorType, error.Type.Slug));
        }
    }

    /// <summary>What became of a settlement is known.</summary>
    /// <param name="verb">What was said of the delivery.</param>
    /// <param name="error">Null where JetStream confirmed it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="started">Its timestamp when the settlement was sent.</param>
    public void Settled(SettleVerb verb, Error? error, TimeProvider time, long started)
    {
        var said = new KeyValuePair<string, object?>(MetricNames.Verb, Settlement.NameOf(verb));
        if (error is null)
        {
            _settlements.Add(1, said, Confirmed);
        }
        else
        {
            _settlements.Add(1, said, Failed, new KeyValuePair<string, object?>(MetricNames.ErrorType, error.Type.Slug));
        }

        if (_settleDuration.Enabled)
        {
            _settleDuration.Record(Seconds(time, started), said);
        }
    }

    /// <summary>A delivery came that is not the first of its message.</summary>
    public void Redelivered() => _redeliveries.Add(1);

    /// <summary>A batch was opened, or with -1 is over.</summary>
    public void CountBatches(int change) => _openBatches.Add(change);

    /// <summary>A connection to NATS is open again.</summary>
    /// <param name="connection">Its name.</param>
    /// <param name="times">How often; 0 shows the series before there is anything to count, so that Prometheus sees the first.</param>
    public void Reconnected(string connection, int times = 1) =>
        _reconnects.Add(times, new KeyValuePair<string, object?>(MetricNames.Connection, connection));

    /// <summary>The embedded nats-server has to be started again.</summary>
    /// <param name="times">How often; 0 as with <see cref="Reconnected"/>.</param>
    public void RestartedEmbedded(int times = 1) => _restarts.Add(times);

    /// <summary>Somebody is not known, or may not do what they ask for.</summary>
    public void Refused(Error error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (error.Kind is ErrorKind.Unauthenticated or ErrorKind.Forbidden)
        {
            _accessRefusals.Add(1, new KeyValuePair<string, object?>(MetricNames.ErrorType, error.Type.Slug));
        }
    }

    /// <summary>Something is beyond a rate limit.</summary>
    /// <param name="error">Its refusal, whose member <c>key</c> is the limit's key in the configuration.</param>
    /// <param name="count">How many requests, or records of a batch.</param>
    public void RefusedByRate(Error error, long count = 1)
    {
        ArgumentNullException.ThrowIfNull(error);
        _rateRefusals.Add(count, new KeyValuePair<string, object?>(MetricNames.Reason, error["key"]));
    }

    /// <summary>Asks how many bytes wait for subscribers, when somebody wants to know.</summary>
    public void ObservePendingBytes(Func<long> bytes) => _meter.CreateObservableGauge(
        MetricNames.PendingBytes.Name, bytes, MetricNames.PendingBytes.Unit, MetricNames.PendingBytes.Description);

    /// <summary>Asks how many requests wait for JetStream on a connection, when somebody wants to know.</summary>
    public void ObserveInflightRequests(string connection, Func<long> requests) =>
        Observe(MetricNames.InflightRequests, connection, requests);

    /// <summary>Asks whether a connection to NATS is open, when somebody wants to know.</summary>
    public void ObserveConnection(string connection, Func<bool> isOpen) =>
        Observe(MetricNames.NatsConnected, connection, () => isOpen() ? 1 : 0);

    private static double Seconds(TimeProvider time, long started)
    {
        ArgumentNullException.ThrowIfNull(time);
        return time.GetElapsedTime(started).TotalSeconds;
    }

    private void Observe(MetricName name, string connection, Func<long> value)
    {
        var tag = new KeyValuePair<string, object?>(MetricNames.Connection, connection);
        _meter.CreateObservableGauge(name.Name, () => new Measurement<long>(value(), tag), name.Unit, name.Description);
    }

    private Counter<long> Counter(MetricName name) => _meter.CreateCounter<long>(name.Name, name.Unit, name.Description);

    private Histogram<double> Durations(MetricName name) => _meter.CreateHistogram(
        name.Name, name.Unit, name.Description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });
}
