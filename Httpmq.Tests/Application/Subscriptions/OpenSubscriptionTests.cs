using Httpmq.Api.Errors;
using Httpmq.Application.Consumers;
using Httpmq.Application.Streams;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace Httpmq.Tests.Application.Subscriptions;

/// <summary>What is refused before a subscription opens, and the patience with one that just ended.</summary>
internal sealed class OpenSubscriptionTests
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly Mock<IDeliverySource> _source = new();
    private Mock<IConsumerStore> _consumers = null!;
    private Mock<IStreamStore> _streams = null!;
    private Mock<IDeliverySourceFactory> _sources = null!;
    private FakeTimeProvider _time = null!;
    private OpenSubscriptionHandler _handler = null!;

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return new TestCaseData(null, "s.a", null, ErrorKind.NotFound, "consumer not found");
        yield return new TestCaseData(
            Samples.Info(group: "g"), "s.a", null, ErrorKind.InvalidInput, "delivery_group: consumer c has 'g'; add delivery_group=g");
        yield return new TestCaseData(
            Samples.Info(group: "g"), "s.a", "h", ErrorKind.InvalidInput, "delivery_group: 'h', but consumer c has 'g'");
        yield return new TestCaseData(Samples.Info(), "s.a", "g", ErrorKind.InvalidInput, "delivery_group: 'g', but consumer c has none");
        yield return new TestCaseData(
            Samples.Info(filters: ["s.a"]), "s.b", null, ErrorKind.InvalidInput, "subject_name: 's.b', but consumer c filters 's.a'");
        yield return new TestCaseData(Samples.Info(), "other", null, ErrorKind.InvalidInput, "subject_name: 'other' is not within");
        yield return new TestCaseData(
            Samples.Info(bound: true), "other", null, ErrorKind.InvalidInput, "subject_name: 'other' is not within");
    }

    [SetUp]
    public void Create()
    {
        _consumers = new Mock<IConsumerStore>(MockBehavior.Strict);
        _streams = new Mock<IStreamStore>(MockBehavior.Strict);
        _sources = new Mock<IDeliverySourceFactory>(MockBehavior.Strict);
        _time = new FakeTimeProvider();
        _handler = new OpenSubscriptionHandler(_streams.Object, _consumers.Object, _sources.Object, _time);
        _streams.Setup(streams => streams.GetAsync(Samples.Stream, default)).ReturnsAsync(Samples.StreamInfo("s.>"));
    }

    [TestCaseSource(nameof(Refused))]
    public void Handle_NotAsTheConsumerIs_IsRefusedAtOnce(
        ConsumerInfo? consumer, string subject, string? group, ErrorKind kind, string detail)
    {
        Finds(consumer);
        var error = Samples.ErrorOf(() => _handler.Handle(new OpenSubscription(Caller.Anonymous, "s", "c", subject, null, group), default));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Kind, Is.EqualTo(kind));
            Assert.That(error.Detail(), Does.StartWith(detail));
        }
    }

    [TestCase(null, 4)]
    [TestCase(2, 2)]
    [TestCase(7, 7)]
    public async Task Handle_AsTheConsumerIs_OpensWithTheInflightAskedFor(int? asked, int opened)
    {
        var consumer = Samples.Info();
        Finds(consumer);
        _sources.Setup(sources => sources.OpenAsync(consumer, opened, null, default)).ReturnsAsync(_source.Object);
        Assert.That(await _handler.Handle(new OpenSubscription(Caller.Anonymous, "s", "c", "s.a", asked, null), default), Is.SameAs(
            _source.Object));
    }

    [Test]
    public async Task Handle_WithoutASubject_OpensWithoutAskingForTheStream()
    {
        var consumer = Samples.Info();
        Finds(consumer);
        _streams.Reset();
        _sources.Setup(sources => sources.OpenAsync(consumer, 4, null, default)).ReturnsAsync(_source.Object);
        Assert.That(
            await _handler.Handle(new OpenSubscription(Caller.Anonymous, "s", "c", null, null, null), default), Is.SameAs(_source.Object));
    }

    [Test]
    public async Task Handle_BoundGroup_OpensAtOnce()
    {
        var consumer = Samples.Info(group: "g", bound: true);
        Finds(consumer);
        _sources.Setup(sources => sources.OpenAsync(consumer, 4, null, default)).ReturnsAsync(_source.Object);
        Assert.That(
            await _handler.Handle(new OpenSubscription(Caller.Anonymous, "s", "c", "s.a", null, "g"), default), Is.SameAs(_source.Object));
    }

    [Test]
    public async Task Handle_BoundAndFreedWithinASecond_Opens()
    {
        var free = Samples.Info();
        _consumers.SetupSequence(consumers => consumers.FindAsync(Samples.Stream, Samples.Consumer, default))
            .ReturnsAsync(Samples.Info(bound: true))
            .ReturnsAsync(Samples.Info(bound: true))
            .ReturnsAsync(free);
        _sources.Setup(sources => sources.OpenAsync(free, 4, null, default)).ReturnsAsync(_source.Object);

        var start = _time.GetTimestamp();
        var opening = _handler.Handle(new OpenSubscription(Caller.Anonymous, "s", "c", "s.a", null, null), default);
        await PassTimeUntilDoneAsync(opening);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await opening, Is.SameAs(_source.Object));
            Assert.That(_time.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(1)));
        }
    }

    [Test]
    public async Task Handle_StaysBound_IsAConflictAfterASecond()
    {
        Finds(Samples.Info(bound: true));
        var start = _time.GetTimestamp();
        var opening = _handler.Handle(new OpenSubscription(Caller.Anonymous, "s", "c", "s.a", null, null), default);
        await PassTimeUntilDoneAsync(opening);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Samples.ErrorOf(() => opening).Kind, Is.EqualTo(ErrorKind.Conflict));
            Assert.That(_time.GetElapsedTime(start), Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(1)));
        }
    }

    private async Task PassTimeUntilDoneAsync(Task opening)
    {
        while (!opening.IsCompleted)
        {
            _time.Advance(Poll);
            await Task.Yield();
        }
    }

    private void Finds(ConsumerInfo? consumer) =>
        _consumers.Setup(consumers => consumers.FindAsync(Samples.Stream, Samples.Consumer, default)).ReturnsAsync(consumer);
}
