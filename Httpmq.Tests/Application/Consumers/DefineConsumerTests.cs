using Httpmq.Api.Errors;
using Httpmq.Application.Consumers;
using Httpmq.Application.Definitions;
using Httpmq.Application.Streams;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Moq;

namespace Httpmq.Tests.Application.Consumers;

/// <summary>Compare, then create, update, leave alone, or refuse.</summary>
internal sealed class DefineConsumerTests
{
    private static readonly DefineConsumer Same = new(
        Caller.Anonymous, "s", "push", new ConsumerConfig { DurableName = "c", MaxAckPending = 4 });

    private Mock<IConsumerStore> _store = null!;
    private Mock<IStreamStore> _streams = null!;
    private DefineConsumerHandler _handler = null!;

    private static IEnumerable<TestCaseData> Unchanged()
    {
        yield return new TestCaseData(Samples.Info(), Same);
        yield return new TestCaseData(Samples.Info(), With(
            config => config with { MaxDeliver = 0, AckWait = 0, Description = string.Empty, FilterSubject = string.Empty }));
        yield return new TestCaseData(Samples.Info(), With(config => config with { MaxDeliver = -1, AckWait = 30_000_000_000 }));
        yield return new TestCaseData(Samples.Info(bound: true), Same);
        yield return new TestCaseData(Samples.Info(group: "g"), With(config => config with { DeliverGroup = "g" }));
        yield return new TestCaseData(Samples.Info(filters: ["s.a"]), With(config => config with { FilterSubject = "s.a" }));
        yield return new TestCaseData(Samples.Info(deliverSubject: string.Empty), Same with { Mode = "pull" });
    }

    private static IEnumerable<TestCaseData> SameMetadata()
    {
        yield return new TestCaseData(Samples.Info(metadata: Team("a")), Same);
        yield return new TestCaseData(Samples.Info(metadata: Team("a")), With(config => config with { Metadata = Team("a") }));
        yield return new TestCaseData(
            Samples.Info(), With(config => config with { Metadata = new Dictionary<string, string>(StringComparer.Ordinal) }));
    }

    private static IEnumerable<TestCaseData> Changed()
    {
        yield return new TestCaseData(Samples.Info(), With(config => config with { MaxAckPending = 5 }));
        yield return new TestCaseData(Samples.Info(bound: true), With(config => config with { MaxDeliver = 3 }));
        yield return new TestCaseData(Samples.Info(), With(config => config with { AckWait = 1_000_000 }));
        yield return new TestCaseData(Samples.Info(), With(config => config with { Description = "new" }));
        yield return new TestCaseData(Samples.Info(notes: "old"), Same);
        yield return new TestCaseData(Samples.Info(maxDeliver: 3), Same);
        yield return new TestCaseData(Samples.Info(ackWait: 5), Same);
        yield return new TestCaseData(Samples.Info(), With(config => config with { Metadata = Team("a") }));
        yield return new TestCaseData(Samples.Info(metadata: Team("a")), With(config => config with { Metadata = Team("b") }));
        yield return new TestCaseData(Samples.Info(
            metadata: Team("a")), With(config => config with { Metadata = new Dictionary<string, string>(StringComparer.Ordinal) }));
    }

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return new TestCaseData(Samples.Info(), Same with { Mode = "pull" }, "mode is 'push' and cannot become 'pull'");
        yield return new TestCaseData(Samples.Info(deliverSubject: string.Empty), Same, "mode is 'pull' and cannot become 'push'");
        yield return new TestCaseData(
            Samples.Info(), With(config => config with { DeliverGroup = "g" }), "delivery_group is '' and cannot become 'g'");
        yield return new TestCaseData(Samples.Info(group: "g"), Same, "delivery_group is 'g' and cannot become ''");
        yield return new TestCaseData(Samples.Info(filters: ["s.a"]), With(
            config => config with { FilterSubject = "s.b", MaxAckPending = 9 }), "filter_subject is 's.a' and cannot become 's.b'");
    }

    [SetUp]
    public void Create()
    {
        _store = new Mock<IConsumerStore>(MockBehavior.Strict);
        _streams = new Mock<IStreamStore>(MockBehavior.Strict);
        _handler = new DefineConsumerHandler(_store.Object, _streams.Object, new Locks());
    }

    [Test]
    public async Task Handle_NoneExists_CreatesItWithTheDefaults()
    {
        Finds(null);
        var whole = Same.Config with { Description = string.Empty, MaxDeliver = -1, AckWait = 30_000_000_000 };
        _store.Setup(store => store.TryCreateAsync(Samples.Stream, Samples.Consumer, ConsumerMode.Push, whole, default))
            .ReturnsAsync(Samples.Info().Config);
        await _handler.Handle(Same, default);
        _store.VerifyAll();
    }

    [TestCaseSource(nameof(Unchanged))]
    [TestCaseSource(nameof(SameMetadata))]
    public async Task Handle_SameExists_LeavesItAlone(ConsumerInfo existing, DefineConsumer command)
    {
        Finds(existing);
        await _handler.Handle(command, default);
        _store.VerifyAll();
        _store.VerifyNoOtherCalls();
    }

    [TestCaseSource(nameof(Changed))]
    public async Task Handle_ChangeOfWhatMayChange_Updates(ConsumerInfo existing, DefineConsumer command)
    {
        Finds(existing);
        var whole = command.Config with
        {
            Description = command.Config.Description ?? string.Empty,
            MaxDeliver = command.Config.MaxDeliver ?? -1,
            AckWait = command.Config.AckWait ?? ConsumerConfig.DefaultAckWait,
        };
        _store.Setup(store => store.TryUpdateAsync(Samples.Stream, Samples.Consumer, ConsumerMode.Push, whole, default))
            .ReturnsAsync(Samples.Info().Config);
        await _handler.Handle(command, default);
        _store.VerifyAll();
    }

    [TestCaseSource(nameof(Refused))]
    public void Handle_ChangeOfModeGroupOrFilter_IsAConflictAndWritesNothing(ConsumerInfo existing, DefineConsumer command, string detail)
    {
        Finds(existing);
        var error = Samples.ErrorOf(() => _handler.Handle(command, default));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Kind, Is.EqualTo(ErrorKind.Conflict));
            Assert.That(error.Detail(), Does.StartWith(detail));
        }
    }

    [Test]
    public async Task Handle_CreatedBySomebodyElseInBetween_TakesTheOther()
    {
        _store.SetupSequence(store => store.FindAsync(Samples.Stream, Samples.Consumer, default)).ReturnsAsync((ConsumerInfo?)null)
            .ReturnsAsync((ConsumerInfo?)null).ReturnsAsync(Samples.Info());
        _store.Setup(store => store.TryCreateAsync(
            Samples.Stream, Samples.Consumer, ConsumerMode.Push, It.IsAny<ConsumerConfig>(), default)).ReturnsAsync((ConsumerConfig?)null);
        await _handler.Handle(Same, default);
        _store.Verify(store =>
            store.TryCreateAsync(Samples.Stream, Samples.Consumer, ConsumerMode.Push, It.IsAny<ConsumerConfig>(), default), Times.Once);
    }

    [Test]
    public void Handle_SomebodyElseIsAlwaysFaster_IsAConflictInTheEnd()
    {
        Finds(null);
        _store.Setup(store => store.TryCreateAsync(
            Samples.Stream, Samples.Consumer, ConsumerMode.Push, It.IsAny<ConsumerConfig>(), default)).ReturnsAsync((ConsumerConfig?)null);
        Assert.That(Samples.ErrorOf(() => _handler.Handle(Same, default)).Kind, Is.EqualTo(ErrorKind.Conflict));
    }

    [TestCase("s.a", "s.*", true)]
    [TestCase("s.*", "s.a", true)]
    [TestCase("other", "s.>", false)]
    public async Task Handle_FilterAgainstTheStream_IsTakenWhereASubjectMatchesBoth(string filter, string subject, bool taken)
    {
        Finds(null);
        _streams.Setup(store => store.GetAsync(Samples.Stream, default)).ReturnsAsync(Samples.StreamInfo(subject));
        _store.Setup(store => store.TryCreateAsync(
            Samples.Stream, Samples.Consumer, ConsumerMode.Push, It.IsAny<ConsumerConfig>(), default)).ReturnsAsync(Samples.Info().Config);
        var define = () => _handler.Handle(With(config => config with { FilterSubject = filter }), default);
        if (taken)
        {
            await define();
            _store.Verify(store =>
                store.TryCreateAsync(Samples.Stream, Samples.Consumer, ConsumerMode.Push, It.IsAny<ConsumerConfig>(), default), Times.Once);
        }
        else
        {
            Assert.That(Samples.ErrorOf(define).Detail(), Does.Contain($"'{filter}'").And.Contain($"'{subject}'"));
        }
    }

    [Test]
    public async Task Handle_FilterOfAStreamThatTakesOtherSubjects_IsTaken()
    {
        Finds(null);
        var mirror = Samples.StreamInfo();
        _streams.Setup(store => store.GetAsync(Samples.Stream, default)).ReturnsAsync(mirror with { TakesOtherSubjects = true });
        _store.Setup(store => store.TryCreateAsync(
            Samples.Stream, Samples.Consumer, ConsumerMode.Push, It.IsAny<ConsumerConfig>(), default)).ReturnsAsync(Samples.Info().Config);
        await _handler.Handle(With(config => config with { FilterSubject = "any" }), default);
        _store.VerifyAll();
    }

    private static DefineConsumer With(Func<ConsumerConfig, ConsumerConfig> change) => Same with { Config = change(Same.Config) };

    private static Dictionary<string, string> Team(string name) => new(StringComparer.Ordinal) { ["team"] = name };

    private void Finds(ConsumerInfo? existing) =>
        _store.Setup(store => store.FindAsync(Samples.Stream, Samples.Consumer, default)).ReturnsAsync(existing);

    /// <summary>Nobody else is there.</summary>
    private sealed class Locks : IDefinitionLocks
    {
        public Task RunAsync(Operation operation, StreamName stream, ConsumerName? consumer, Func<Action, Task> change,
            CancellationToken cancellationToken) => change(() => { });

        public Task RunAfterOthersAsync(
            Operation operation, StreamName stream, Func<Task> change, CancellationToken cancellationToken) => change();
    }
}
