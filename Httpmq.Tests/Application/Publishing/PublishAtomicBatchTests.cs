using Httpmq.Api.Errors;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Access;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Moq;

namespace Httpmq.Tests.Application.Publishing;

/// <summary>What refuses an atomic batch before anything of it is sent; the port would fail the test.</summary>
internal sealed class PublishAtomicBatchTests
{
    [Test]
    public async Task Send_CallerMayNotPublishOne_IsRefusedAsAWholeNamingIt()
    {
        var permissions = new Mock<Permissions>();
        permissions.Setup(static may => may.Publish(It.IsAny<Subject>())).Returns<Subject>(static subject => subject.Value is "a");

        var outcome = await SendAsync(new Caller("shop", permissions.Object), Message("a"), Message("b"));

        Assert.That(outcome.Error?.Detail(), Is.EqualTo("shop may not publish to subject 'b'; this is the record with index 1"));
    }

    [Test]
    public async Task Send_ScheduleToASubjectThatTheCallerMayNotPublishTo_IsRefused()
    {
        var permissions = new Mock<Permissions>();
        permissions.Setup(static may => may.Publish(It.IsAny<Subject>())).Returns<Subject>(static subject => subject.Value is "a");
        var schedule = Message("a") with { Needs = new MessageNeeds(MessageFeatures.Schedule, SubjectOf("b")) };

        var outcome = await SendAsync(new Caller("shop", permissions.Object), schedule);

        Assert.That(outcome.Error?.Detail(), Does.StartWith("shop may not publish to subject 'b'"));
    }

    [TestCase("Nats-Expected-Last-Msg-Id", "a message of an atomic batch cannot have it")]
    [TestCase("Nats-Expected-Last-Sequence", "only the first message of an atomic batch can have it")]
    [TestCase("Nats-Msg-Id", "another message of the batch has the same id")]
    public async Task Send_AHeaderThatJetStreamTakesInNoBatch_IsRefusedNamingItsRecord(string header, string reason)
    {
        var first = header is "Nats-Msg-Id" ? Message("a", header) : Message("a");

        var outcome = await SendAsync(Caller.Anonymous, first, Message("b", header));

        Assert.That(outcome.Error?.Detail(), Is.EqualTo($"{header}: {reason}; nothing was stored; this is the record with index 1"));
    }

    [Test]
    public void FirstSequence_OfAStoredBatch_IsCountedFromItsLast() =>
        Assert.That(new AtomicOutcome("s", 20, 3, Error: null).FirstSequence, Is.EqualTo(18));

    private static async Task<AtomicOutcome> SendAsync(Caller caller, params Publication[] publications)
    {
        using var useCases = new UseCases();
        return await useCases.Mediator.Send(new PublishAtomicBatch(caller, publications));
    }

    private static Publication Message(string subject, string? header = null)
    {
        KeyValuePair<string, string>[] pairs = header is null ? [] : [new(header, "1")];
        Assert.That(MessageHeaders.TryCreate(pairs, out var headers, out _), Is.True);
        return new Publication(SubjectOf(subject), new byte[] { 1 }, headers);
    }

    private static Subject SubjectOf(string text)
    {
        Assert.That(Subject.TryParse(text, out var subject, out _), Is.True);
        return subject;
    }
}
