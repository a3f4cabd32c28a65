using System.Diagnostics.Metrics;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.Telemetry;

/// <summary>What is seen of streams and consumers that come and go, and of a JetStream that is silent; without a server.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LagSeriesTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly FakeTimeProvider _time = new();
    private readonly LagSeries _series;
    private readonly MeterListener _listener = new();
    private readonly List<Instrument> _instruments = [];
    private readonly List<(string Name, double Value, string Tags)> _measured = [];

    public LagSeriesTests()
    {
        _series = new LagSeries(new LagOptions(Interval, MaxConsumers: 2), _time);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name is MetricNames.LagMeter)
            {
                _instruments.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose()
    {
        _series.Dispose();
        _listener.Dispose();
    }

    [Test]
    public void Instruments_OfTheLag_AreThoseOfTheList()
    {
        Show("a");

        Assert.That(
            _instruments.Select(static instrument => (instrument.Name, instrument.Unit, instrument.Description)),
            Is.EquivalentTo(MetricNames.Lag.Select(static name => (name.Name, name.Unit, name.Description))));
    }

    [Test]
    public void Show_AStreamAndItsConsumers_HasTheirNumbers()
    {
        Show("a", "b");

        Assert.That(Measure(), Is.SupersetOf(new[]
        {
            ("jetstream_stream_total_messages", 7d, "stream_name=s"),
            ("jetstream_stream_first_seq", 3, "stream_name=s"),
            ("jetstream_consumer_num_pending", 4, "stream_name=s,consumer_name=a"),
            ("jetstream_consumer_num_ack_pending", 1, "stream_name=s,consumer_name=b"),
            ("jetstream_consumer_ack_floor_stream_seq", 8, "stream_name=s,consumer_name=b"),
            ("httpmq.lag.omitted", 5, ""),
        }));
    }

    [Test]
    public void Show_ConsumersThatComeAndGo_BeginsAnewBeforeAllPlacesAreTaken()
    {
        Show("a", "b");
        Show("c", "d");
        Assert.That(Pending(), Has.Exactly(1).Items);

        Show("e");
        Assert.That(Pending(), Has.Exactly(2).Items, "four of four places were taken");
        Assert.That(
            Measure().Where(static one => one.Name is "jetstream_consumer_num_pending").Select(static one => one.Tags),
            Is.EqualTo(new[] { "stream_name=s,consumer_name=e" }));
    }

    [Test]
    public void Snapshot_ThatIsOld_HasNoSeriesAndAnAge()
    {
        Show("a");
        _time.Advance(5 * Interval);

        Assert.That(Measure(), Is.EquivalentTo(new[] { ("httpmq.lag.omitted", 5d, ""), ("httpmq.lag.age", 75, "") }));
    }

    [Test]
    public void Start_NothingWasEverGathered_HasAnAgeThatGrows()
    {
        _series.Start();
        _time.Advance(5 * Interval);
        Assert.That(Measure(), Does.Contain(("httpmq.lag.age", 75d, "")));

        Show("a");
        Assert.That(Measure(), Does.Contain(("httpmq.lag.age", 0d, "")));
        Assert.That(Pending(), Has.Exactly(1).Items);
    }

    private void Show(params string[] consumers) => _series.Show(new LagSnapshot(
        _time.GetTimestamp(),
        [new StreamLag("s", new StreamState(7, 100, 3, default, 9, default, consumers.Length))],
        [.. consumers.Select(static name => new ConsumerLagState("s", name, new ConsumerLagWire(
            new DurableNameWire(name), new SequenceInfo(5, 9, null), new SequenceInfo(4, 8, null), 1, 2, 3, 4)))],
        Omitted: 5));

    private IEnumerable<Instrument> Pending() => _instruments.Where(static one => one.Name is "jetstream_consumer_num_pending");

    private List<(string Name, double Value, string Tags)> Measure()
    {
        _measured.Clear();
        _listener.RecordObservableInstruments();
        return _measured;
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var texts = new List<string>();
        foreach (var (key, tag) in tags)
        {
            texts.Add($"{key}={tag}");
        }

        _measured.Add((instrument.Name, value, string.Join(',', texts)));
    }
}
