using Httpmq.Api.Errors;
using Httpmq.Application.Consumers;
using Httpmq.Application.Publishing;
using Httpmq.Application.Settling;
using Httpmq.Application.Streams;
using Httpmq.Application.Subscriptions;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Moq;

namespace Httpmq.Tests.Application.Validation;

/// <summary>The use cases as they are put together: every request reaches its handler, and the right ones are validated first.</summary>
internal sealed class PipelineTests
{
    private readonly UseCases _useCases = new();

    private static IEnumerable<TestCaseData> Invalid()
    {
        yield return Case(new DefineStream(Caller.Anonymous, new StreamConfig { Name = "a.b" }), "name: 'a.b'");
        yield return Case(new DefineStream(Caller.Anonymous, new StreamConfig { Name = "a", Subjects = ["a..b"] }), "subjects: 'a..b'");
        yield return Case(new DefineStream(Caller.Anonymous, new StreamConfig { Name = "a", MaxAge = 1 }), "max_age: 1 ns");
        yield return Case(new ChangeSubjects(Caller.Anonymous, "a", []), "subjects: at least one");
        yield return Case(new ChangeLimits(Caller.Anonymous, "a", new StreamLimits { MaxBytes = -2 }), "max_bytes: -2");
        yield return Case(
            new DefineConsumer(Caller.Anonymous, "a", "push", new ConsumerConfig { DurableName = "c" }), "max_inflight is required");
        yield return Case(Pull(new PullOptions { Batch = 10_001 }), "batch: 10001 is not from 1 to 10000");
        yield return Case(Pull(new PullOptions { Expires = 30 }), "for 30 seconds write \"30s\"");
        yield return Case(Pull(new PullOptions { Expires = 61_000_000_000 }), "is longer than 60000000000 ns (60000 ms)");
        yield return Case(Pull(new PullOptions { MaxBytes = 0 }), "max_bytes: 0 is not from 1 to 67108864");
        yield return Case(Pull(new PullOptions { Group = "a b" }), "group: 'a b'");
        yield return Case(Pull(new PullOptions { Priority = 10, Group = "g" }), "priority: 10 is not from 0 to 9");
        yield return Case(Pull(new PullOptions { MinPending = 5 }), "min_pending: it is taken with group only");
        yield return Case(new OpenSubscription(Caller.Anonymous, "a", "c", "s", 0, null), "max_msg_inflight: 0");
    }

    private static OpenPull Pull(PullOptions options) => new(Caller.Anonymous, "a", "c", options);

    private static IEnumerable<Type> Requests() => typeof(IStreamStore).Assembly.GetTypes()
        .Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IBaseRequest)));

    [OneTimeTearDown]
    public void Dispose() => _useCases.Dispose();

    [TestCaseSource(nameof(Invalid))]
    public void Send_InvalidRequest_IsRefusedBeforeItsHandler(Func<IMediator, Task> send, string detail)
    {
        var error = Samples.ErrorOf(() => send(Mediator));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Kind, Is.EqualTo(ErrorKind.InvalidInput));
            Assert.That(error.Detail(), Does.Contain(detail));
        }
    }

    [TestCaseSource(nameof(Requests))]
    public void Handler_OfEveryRequest_IsRegistered(Type request)
    {
        var answer = request.GetInterfaces()
            .Single(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IRequest<>)).GenericTypeArguments[0];
        Assert.That(_useCases.Services.GetService(typeof(IRequestHandler<,>).MakeGenericType(request, answer)), Is.Not.Null);
    }

    [TestCase(typeof(IPipelineBehavior<PublishMessage, PublishOutcome>))]
    [TestCase(typeof(IPipelineBehavior<AcknowledgeMessage, Error>))]
    public void Behaviours_OfTheHotPaths_AreNone(Type behaviour) => Assert.That(_useCases.Services.GetServices(behaviour), Is.Empty);

    [Test]
    public void Behaviours_OfAValidatedRequest_AreTheValidation() =>
        Assert.That(_useCases.Services.GetServices<IPipelineBehavior<DefineStream, IReadOnlyList<string>>>()
            .Single(), Is.InstanceOf<ValidationBehavior<DefineStream, IReadOnlyList<string>>>());

    [Test]
    public async Task Publish_Outcome_IsHandedThroughAsItIs()
    {
        Assert.That(Subject.TryParse("s.a", out var subject, out _), Is.True);
        var payload = new byte[] { 1, 2 };
        var pending = new Mock<IPendingPublish>(MockBehavior.Strict);
        pending.Setup(publish => publish.GetOutcomeAsync(default)).ReturnsAsync(PublishOutcome.Stored("s", 7));
        _useCases.Publisher.Setup(publisher => publisher.StartAsync(new Publication(subject, payload))).ReturnsAsync(pending.Object);
        Assert.That(await Mediator.Send(new PublishMessage(new Publication(subject, payload))), Is.EqualTo(PublishOutcome.Stored("s", 7)));
    }

    [Test]
    public async Task Acknowledge_Valid_IsHandedToThePort()
    {
        var error = StreamErrors.NotFound(Samples.Stream);
        _useCases.Acknowledger.Setup(port => port.SettleAsync(
            Samples.Stream, Samples.Consumer, new DeliverySequence(3, 4), new Settlement(SettleVerb.Ack), null, default))
            .ReturnsAsync(error);
        Assert.That(await Mediator.Send(new AcknowledgeMessage(Caller.Anonymous, "s", "c", new AckPair(3, 4))), Is.SameAs(error));
    }

    [TestCase("s", "c", null, 1UL, "stream is required")]
    [TestCase("s", "c", 1UL, null, "consumer is required")]
    [TestCase("s", "c", 0UL, 1UL, "stream: 0 ")]
    [TestCase("s", "c", 1UL, 0UL, "consumer: 0 ")]
    [TestCase("a.b", "c", 1UL, 1UL, "stream: 'a.b'")]
    [TestCase("s", "", 1UL, 1UL, "consumer: '' is not")]
    public void Acknowledge_Invalid_IsRefusedBeforeThePort(
        string stream, string consumer, ulong? streamSequence, ulong? consumerSequence, string detail)
    {
        var error = Samples.ErrorOf(
            () => Mediator.Send(new AcknowledgeMessage(Caller.Anonymous, stream, consumer, new AckPair(streamSequence, consumerSequence))));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Kind, Is.EqualTo(ErrorKind.InvalidInput));
            Assert.That(error.Detail(), Does.StartWith(detail));
        }
    }

    private static TestCaseData Case<T>(IRequest<T> request, string detail) =>
        new TestCaseData((Func<IMediator, Task>)(mediator => mediator.Send(request)), detail).SetArgDisplayNames(
            request.GetType().Name, detail);

    private IMediator Mediator => _useCases.Mediator;
}
