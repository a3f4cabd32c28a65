using Httpmq.Api.Errors;
using Httpmq.Application.Consumers;
using Httpmq.Application.Health;
using Httpmq.Application.Info;
using Httpmq.Application.Publishing;
using Httpmq.Application.Reading;
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
using Httpmq.Tests.Support;
using MediatR;
using Microsoft.Extensions.Time.Testing;
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
        yield return Case(new ReplaceStream(Nobody, "s", new StreamConfig()), "manage stream s");
        yield return Case(new DeleteStream(Nobody, "s"), "manage stream s");
        yield return Case(new GetStream(Nobody, "s"), "see stream s");
        yield return Case(new PurgeStream(Nobody, "s", new PurgeScope(null, null, null)), "manage stream s");
        yield return Case(new ListSubjects(Nobody, "s", ListQuery.All), "read all of subject '>'");
        yield return Case(new GetStreamMessage(Nobody, "s", "1"), "read message 1 of stream s, or it is not there");
        yield return Case(new DeleteStreamMessage(Nobody, "s", "1", Erase: false), "manage stream s");
        yield return Case(
            new DefineConsumer(Nobody, "s", "pull", new ConsumerConfig { DurableName = "c", MaxAckPending = 1 }), "manage stream s");
        yield return Case(new ReplaceConsumer(Nobody, "s", "c", null, new ConsumerConfig()), "manage stream s");
        yield return Case(new DeleteConsumer(Nobody, "s", "c"), "manage stream s");
        yield return Case(new PauseConsumer(Nobody, "s", "c", DateTimeOffset.MaxValue), "manage stream s");
        yield return Case(new ResumeConsumer(Nobody, "s", "c"), "manage stream s");
        yield return Case(new ResetConsumer(Nobody, "s", "c", null), "manage stream s");
        yield return Case(new UnpinConsumer(Nobody, "s", "c", "g"), "manage stream s");
        yield return Case(new GetConsumer(Nobody, "s", "c"), "use consumer c of stream s");
        yield return Case(new ListConsumers(Nobody, "s", ListQuery.All), "see stream s");
        yield return Case(new OpenSubscription(Nobody, "s", "c", null, null, null), "use consumer c of stream s");
        yield return Case(new OpenPull(Nobody, "s", "c", new PullOptions()), "use consumer c of stream s");
        yield return Case(new OpenReplay(Nobody, "s", [], new ReplayOptions()), "read all of subject '>'");
        yield return Case(new ReadMessage(Nobody, "s", 1), "read message 1 of stream s, or it is not there");
        yield return Case(new AcknowledgeMessage(Nobody, "s", "c", acknowledgement), "use consumer c of stream s");
        yield return Case(new AcknowledgeBatch(Nobody, "s", "c", [acknowledgement]), "use consumer c of stream s");
        yield return Case(new ReadLastMessage(Nobody, SubjectOf("a")), "read all of subject 'a'");
        yield return Case(new ReadInfo(Nobody), "see what the gateway is connected to");
        var settlement = new SettleEntry(acknowledgement, default);
        yield return Case(new SettleDeliveries(Nobody, "s", "c", [settlement]), "use consumer c of stream s");
    }

    /// <summary>Health is open to all; whoever publishes one message was asked before its body was read.</summary>
    private static readonly Type[] WithoutCaller = [typeof(CheckReadiness), typeof(PublishMessage)];

    /// <summary>
    /// They are not refused as a whole: a list has what its caller may see, and each record of a batch is asked for.
    /// </summary>
    private static readonly Type[] InPart =
        [typeof(ListStreams), typeof(OpenPublishBatch), typeof(PublishAtomicBatch)];

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

    [TestCase("orders.new", true)]
    [TestCase("orders.audit", false)]
    [TestCase(null, false)]
    public void ReadMessage_CallerMayReadSomeSubjects_DoesNotTellWhatIsThere(string? stored, bool permitted)
    {
        using var useCases = new UseCases();
        var reading = useCases.Reader.Setup(reader => reader.GetAsync(StreamName.OfExisting("s"), 7, It.IsAny<CancellationToken>()));
        _ = stored is null
            ? reading.ThrowsAsync(new HttpmqException(new Error(new ErrorType("gone", ErrorKind.NotFound), null)))
            : reading.ReturnsAsync(new StoredMessage("s", stored, 7, default, default, default));
        var read = () => useCases.Mediator.Send(new ReadMessage(Reader("orders.new"), "s", 7));

        if (permitted)
        {
            Assert.That(async () => (await read()).Subject, Is.EqualTo(stored));
        }
        else
        {
            Assert.That(Samples.ErrorOf(read).Detail(), Is.EqualTo("shop may not read message 7 of stream s, or it is not there"));
        }
    }

    [TestCase("orders.new", true)]
    [TestCase("orders.*", false)]
    [TestCase(null, false)]
    public void GetStream_CallerMayReadSomeSubjects_DoesNotTellWhetherAnotherIsThere(string? subjects, bool permitted)
    {
        using var useCases = new UseCases();
        var reading = useCases.Streams.Setup(streams => streams.GetAsync(StreamName.OfExisting("s"), It.IsAny<CancellationToken>()));
        _ = subjects is null
            ? reading.ThrowsAsync(new HttpmqException(new Error(new ErrorType("gone", ErrorKind.NotFound), null)))
            : reading.ReturnsAsync(StreamOf("s", subjects));
        var read = () => useCases.Mediator.Send(new GetStream(Reader("orders.new"), "s"));

        if (permitted)
        {
            Assert.That(async () => (await read()).Config.Name, Is.EqualTo("s"));
        }
        else
        {
            Assert.That(Samples.ErrorOf(read).Detail(), Is.EqualTo("shop may not see stream s"));
        }
    }

    [Test]
    public async Task ListStreams_CallerMaySeeSome_HasThose()
    {
        using var useCases = new UseCases();
        var permissions = new PermissionSet("some",
        [
            new AccessRule(Right.Admin, Allows: true, "managed", ""),
            new AccessRule(Right.Consume, Allows: true, "used/w-*", ""),
            new AccessRule(Right.Read, Allows: true, "orders.>", ""),
        ]);
        useCases.Streams.Setup(streams => streams.ListAsync(null, default)).ReturnsAsync(
        [
            StreamOf("managed", "a"), StreamOf("used", "b"), StreamOf("read", "orders.*"), StreamOf("read-in-part", "orders.>", "c"),
            StreamOf("rewritten", "orders.x") with { TakesOtherSubjects = true }, StreamOf("mirror"),
        ]);

        var streams = await useCases.Mediator.Send(new ListStreams(new Caller("some", permissions), ListQuery.All));

        Assert.That(streams.Entries.Select(static stream => stream.Config.Name), Is.EqualTo(new[] { "managed", "used", "read" }));
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

    [TestCase(false, "the token or client certificate has expired; begin again with a new one")]
    [TestCase(true, "the key or its rights have changed since this began; begin again")]
    public async Task Batch_WhatTheCallerHasShownIsOver_RefusesWhatFollows(bool withdrawn, string reason)
    {
        var publisher = new Mock<IMessagePublisher>(MockBehavior.Strict);
        var publication = new Publication(SubjectOf("orders.new"), default);
        publisher.Setup(one => one.StartInBatchAsync(publication, default)).ReturnsAsync(new Mock<IPendingPublish>().Object);
        var time = new FakeTimeProvider();
        using var ending = new CancellationTokenSource();
        var caller = new Caller("shop", Permissions.All) { Expires = time.GetUtcNow().AddSeconds(1), Ended = ending.Token };
        using var batch = new PublishBatch(caller, publisher.Object, new OpenBatches(new PublishBatchOptions(), NoMetrics.Create()), time);

        await batch.AddAsync(1, publication, default);
        if (withdrawn)
        {
            await ending.CancelAsync();
        }
        else
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await batch.AddAsync(2, publication, default);
        await batch.TakeAsync();
        var (line, outcome) = await batch.TakeAsync();

        using (Assert.EnterMultipleScope())
        {
            publisher.Verify(one => one.StartInBatchAsync(publication, default), Times.Once);
            Assert.That((line, outcome.Error?.Kind, outcome.Error?["reason"]), Is.EqualTo((2, ErrorKind.Unauthenticated, reason)));
        }
    }

    [Test]
    public async Task Batch_ScheduleToASubjectThatTheCallerMayNotPublishTo_IsRefused()
    {
        using var useCases = new UseCases();
        var permissions = new Mock<Permissions>();
        var (permitted, other) = (SubjectOf("orders.new"), SubjectOf("orders.audit"));
        permissions.Setup(may => may.Publish(permitted)).Returns(true);

        using var batch = await useCases.Mediator.Send(new OpenPublishBatch(new Caller("shop", permissions.Object)));
        var needs = new MessageNeeds(MessageFeatures.Schedule, other);
        await batch.AddAsync(1, new Publication(permitted, default, Needs: needs), default);

        Assert.That((await batch.TakeAsync()).Outcome.Error?.Detail(), Is.EqualTo("shop may not publish to subject 'orders.audit'"));
    }

    private static Caller Reader(string subjects) =>
        new("shop", new PermissionSet("shop", [new AccessRule(Right.Read, Allows: true, subjects, "")]));

    private static StreamInfo StreamOf(string name, params string[] subjects) =>
        Samples.StreamInfo() with { Config = new StreamConfig { Name = name, Subjects = subjects }, TakesOtherSubjects = false };

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
