using Httpmq.Api.Errors;
using Httpmq.Application.Consumers;
using Httpmq.Application.Health;
using Httpmq.Application.Publishing;
using Httpmq.Application.Settling;
using Httpmq.Application.Streams;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using MediatR;
using Moq;

namespace Httpmq.Tests.Application;

/// <summary>Every use case is given its caller, and asks it before it touches the broker.</summary>
internal sealed class CallerTests
{
    private static readonly Caller Nobody = new("nobody", new Mock<Permissions>().Object);

    private static IEnumerable<TestCaseData> Requests()
    {
        var acknowledgement = new AckPair(1, 1);
        yield return Case(new DefineStream(Nobody, new StreamConfig { Name = "s" }), "manage stream s");
        yield return Case(new ChangeSubjects(Nobody, "s", ["a"]), "manage stream s");
        yield return Case(new ChangeLimits(Nobody, "s", new StreamLimits()), "manage stream s");
        yield return Case(new DeleteStream(Nobody, "s"), "manage stream s");
        yield return Case(new GetStream(Nobody, "s"), "see stream s");
        yield return Case(
            new DefineConsumer(Nobody, "s", "pull", new ConsumerConfig { DurableName = "c", MaxAckPending = 1 }), "manage stream s");
        yield return Case(new DeleteConsumer(Nobody, "s", "c"), "manage stream s");
        yield return Case(new GetConsumer(Nobody, "s", "c"), "see stream s");
        yield return Case(new ListConsumers(Nobody, "s"), "see stream s");
        yield return Case(new OpenSubscription(Nobody, "s", "c", null, null, null), "use consumer c of stream s");
        yield return Case(new AcknowledgeMessage(Nobody, "s", "c", acknowledgement), "use consumer c of stream s");
        yield return Case(new AcknowledgeBatch(Nobody, "s", "c", [acknowledgement]), "use consumer c of stream s");
        var settlement = new SettleEntry(acknowledgement, default);
        yield return Case(new SettleDeliveries(Nobody, "s", "c", [settlement]), "use consumer c of stream s");
    }

    /// <summary>Health is open to all; whoever publishes one message was asked before its body was read.</summary>
    private static readonly Type[] WithoutCaller = [typeof(CheckReadiness), typeof(PublishMessage)];

    /// <summary>They are not refused as a whole: a list has what its caller may see, and each record of a batch is asked for.</summary>
    private static readonly Type[] InPart = [typeof(ListStreams), typeof(OpenPublishBatch)];

    [Test]
    public void Request_Each_IsGivenItsCallerAndTriedHere()
    {
        var all = typeof(IStreamStore).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.IsAssignableTo(typeof(IBaseRequest))).ToArray();
        var tried = Requests().Select(data => ((string)data.Properties.Get("request")!)).Concat(InPart.Select(type => type.Name));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(all.Where(type => type.GetProperty("Caller") is null), Is.EquivalentTo(WithoutCaller));
            Assert.That(tried, Is.EquivalentTo(all.Except(WithoutCaller).Select(type => type.Name)));
        }
    }

    [TestCaseSource(nameof(Requests))]
    public void Send_CallerMayDoNothing_IsRefusedBeforeThePorts(Func<IMediator, Task> send, string action)
    {
        using var useCases = new UseCases();

        var error = Samples.ErrorOf(() => send(useCases.Mediator));

        Assert.That($"{error.Type}: {error.Detail()}", Is.EqualTo($"not-permitted: nobody may not {action}"));
    }

    [Test]
    public async Task ListStreams_CallerMaySeeSome_HasThose()
    {
        using var useCases = new UseCases();
        var permissions = new Mock<Permissions>();
        permissions.Setup(may => may.See(StreamName.OfExisting("b"))).Returns(true);
        useCases.Streams.Setup(streams => streams.ListAsync(default)).ReturnsAsync([StreamOf("a"), StreamOf("b")]);

        var streams = await useCases.Mediator.Send(new ListStreams(new Caller("some", permissions.Object)));

        Assert.That(streams.Select(static stream => stream.Config.Name), Is.EqualTo(new[] { "b" }));
    }

    [Test]
    public async Task Batch_CallerMayPublishSomeRecords_RefusesTheOthersAlone()
    {
        using var useCases = new UseCases();
        var permissions = new Mock<Permissions>();
        var (permitted, other) = (SubjectOf("orders.new"), SubjectOf("orders.audit"));
        permissions.Setup(may => may.Publish(permitted)).Returns(true);
        var pending = new Mock<IPendingPublish>();
        pending.Setup(publish => publish.GetOutcomeAsync(It.IsAny<CancellationToken>())).ReturnsAsync(PublishOutcome.Stored("s", 7));
        useCases.Publisher.Setup(publisher => publisher.StartInBatchAsync(new Publication(permitted, default), default))
            .ReturnsAsync(pending.Object);

        using var batch = await useCases.Mediator.Send(new OpenPublishBatch(new Caller("shop", permissions.Object)));
        await batch.AddAsync(1, new Publication(other, default), default);
        await batch.AddAsync(2, new Publication(permitted, default), default);
        batch.Complete();
        var (first, second) = (await batch.TakeAsync(), await batch.TakeAsync());

        using (Assert.EnterMultipleScope())
        {
            Assert.That((first.Line, first.Outcome.Error?.Kind), Is.EqualTo((1, ErrorKind.Forbidden)));
            Assert.That(first.Outcome.Error?.Detail(), Is.EqualTo("shop may not publish to subject 'orders.audit'"));
            Assert.That((second.Line, second.Outcome), Is.EqualTo((2, PublishOutcome.Stored("s", 7))));
        }
    }

    private static StreamInfo StreamOf(string name) => Samples.StreamInfo() with { Config = new StreamConfig { Name = name } };

    private static Subject SubjectOf(string text)
    {
        Assert.That(Subject.TryParse(text, out var subject, out _), Is.True);
        return subject;
    }

    private static TestCaseData Case<T>(IRequest<T> request, string action) =>
        new TestCaseData((Func<IMediator, Task>)(mediator => mediator.Send(request)), action)
            .SetArgDisplayNames(request.GetType().Name)
            .SetProperty("request", request.GetType().Name);
}
