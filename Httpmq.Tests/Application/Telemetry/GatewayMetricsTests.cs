using System.Diagnostics.Metrics;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Application.Telemetry;

/// <summary>What is measured, by which names and tags, and that nothing is where nobody listens.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class GatewayMetricsTests : IDisposable
{
    private static readonly Error Refused = RequestErrors.Invalid(new InvalidValue("subject", "a..b", "subject: no"));

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly List<(string Name, double Value, string Tags)> _measured = [];
    private readonly List<Instrument> _instruments = [];
    private readonly FakeTimeProvider _time = new();

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    [Test]
    public void Instruments_OfTheGateway_AreThoseOfTheList()
    {
        var metrics = Listen();
        metrics.ObserveConnection("c", () => true);
        metrics.ObserveInflightRequests("c", () => 1);
        metrics.ObservePendingBytes(() => 1);

        Assert.That(
            _instruments.Select(static instrument => (instrument.Name, KindOf(instrument), instrument.Unit, instrument.Description)),
            Is.EquivalentTo(MetricNames.All.Select(static name => (name.Name, name.Kind, name.Unit, name.Description))));
    }

    [Test]
    public void Published_EachOutcome_IsCountedAndTimed()
    {
        var metrics = Listen();
        var started = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(250));
        metrics.Published(error: null, duplicate: false, _time, started);
        metrics.Published(error: null, duplicate: true, _time, started);
        metrics.Published(Refused, duplicate: false, _time, started);
        metrics.Published(Refused, count: 3);
        metrics.Sent(7);
        metrics.Sent(5);
        _listener.RecordObservableInstruments();

        var refused = $"error.type={Refused.Type.Slug}";
        Assert.That(_measured, Is.EqualTo(new[]
        {
            ("httpmq.publish.duration", 0.25, string.Empty),
            ("httpmq.publish.duration", 0.25, string.Empty),
            ("httpmq.publish.duration", 0.25, refused),
            ("httpmq.publishes", 1, "httpmq.outcome=stored"),
            ("httpmq.publishes", 1, "httpmq.outcome=duplicate"),
            ("httpmq.publishes", 4, $"httpmq.outcome=error,{refused}"),
            ("httpmq.publish.io", 12, string.Empty),
        }));
    }

    [Test]
    public void Published_Nothing_IsNotTold()
    {
        // Both hosts of a process have these counters, and the last one that tells a number wins.
        Listen();
        _listener.RecordObservableInstruments();

        Assert.That(_measured, Is.Empty);
    }

    [TestCase(SettleVerb.Ack, "ack")]
    [TestCase(SettleVerb.Nak, "nak")]
    [TestCase(SettleVerb.Term, "term")]
    [TestCase(SettleVerb.Progress, "progress")]
    public void Settled_EachVerb_IsCountedAndTimed(SettleVerb verb, string name)
    {
        var metrics = Listen();
        var started = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(1));
        metrics.Settled(verb, error: null, _time, started);
        metrics.Settled(verb, Refused, _time, started);

        Assert.That(_measured, Is.EqualTo(new[]
        {
            ("httpmq.settlements", 1d, $"httpmq.verb={name},httpmq.outcome=confirmed"),
            ("httpmq.settle.duration", 1, $"httpmq.verb={name}"),
            ("httpmq.settlements", 1, $"httpmq.verb={name},httpmq.outcome=error,error.type={Refused.Type.Slug}"),
            ("httpmq.settle.duration", 1, $"httpmq.verb={name}"),
        }));
    }

    [Test]
    public void Session_FromItsBeginToItsEnd_IsOpenAndThenEnded()
    {
        var session = new SessionMetrics(Listen(), "replay", "sse");
        session.Delivered(2, 100);
        session.End(SessionMetrics.CutOff);

        const string Tags = "httpmq.source=replay,httpmq.framing=sse";
        Assert.That(_measured, Is.EqualTo(new[]
        {
            ("httpmq.sessions.open", 1d, Tags),
            ("httpmq.deliveries", 2, Tags),
            ("httpmq.delivery.io", 100, Tags),
            ("httpmq.sessions.open", -1, Tags),
            ("httpmq.sessions.ended", 1, $"{Tags},httpmq.reason=cut-off"),
        }));
    }

    [Test]
    public void Refused_WhatIsNoMatterOfRights_IsNotCounted()
    {
        var metrics = Listen();
        metrics.Refused(Refused);
        Assert.That(_measured, Is.Empty);

        metrics.Refused(AccessErrorsOfBothKinds()[0]);
        metrics.Refused(AccessErrorsOfBothKinds()[1]);
        Assert.That(_measured.Select(static one => one.Tags), Is.EqualTo(
            AccessErrorsOfBothKinds().Select(static error => $"error.type={error.Type.Slug}")));
    }

    [Test]
    public void Measuring_WithoutAListener_IsNotAskedFor()
    {
        var metrics = new GatewayMetrics(_services.GetRequiredService<IMeterFactory>());

        Assert.That((metrics.TimesSettlements, metrics.CountsRedeliveries), Is.EqualTo((false, false)));
    }

    [Test]
    public void Tags_OfAllMetrics_NameNothingThatClientsChoose()
    {
        string[] bounded =
        [
            MetricNames.Outcome, MetricNames.ErrorType, MetricNames.Verb, MetricNames.Source, MetricNames.Framing, MetricNames.Reason,
            MetricNames.Connection, MetricNames.StreamName, MetricNames.ConsumerName,
        ];
        var tags = MetricNames.All.Concat(MetricNames.Lag).SelectMany(static name => name.Tags);

        Assert.That(tags.Distinct(StringComparer.Ordinal), Is.SubsetOf(bounded));
    }

    private static MetricKind KindOf(Instrument instrument) => instrument switch
    {
        Counter<long> or ObservableCounter<long> => MetricKind.Counter,
        UpDownCounter<long> => MetricKind.UpDown,
        Histogram<double> => MetricKind.Histogram,
        _ => MetricKind.Gauge,
    };

    private static Error[] AccessErrorsOfBothKinds() =>
    [
        new(new ErrorType("some-key", ErrorKind.Unauthenticated), Operation: null),
        new(new ErrorType("some-right", ErrorKind.Forbidden), Operation: null),
    ];

    private GatewayMetrics Listen()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Those of other tests are published, too.
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                _instruments.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
        return new GatewayMetrics(meters);
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
