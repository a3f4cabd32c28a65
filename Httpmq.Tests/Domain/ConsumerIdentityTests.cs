using Httpmq.Domain.Consumers;

namespace Httpmq.Tests.Domain;

/// <summary>Whether what answers now is the consumer that answered before.</summary>
internal sealed class ConsumerIdentityTests
{
    private static readonly DateTimeOffset Created = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset Answered = Created.AddHours(1);

    [Test]
    public void Replaces_CreatedAfterTheLastAnswer_IsAnother() =>
        Assert.That(Info(Answered.AddSeconds(1)).Replaces(Info(Created)), Is.True);

    [Test]
    public void Replaces_SameTime_IsTheSame() => Assert.That(Info(Created).Replaces(Info(Created)), Is.False);

    /// <summary>A consumer from before an upgrade to 2.12.3: another replica has another time.</summary>
    [TestCase(3)]
    [TestCase(-3)]
    public void Replaces_AnotherReplicaOfAnOldConsumer_IsTheSame(int milliseconds) =>
        Assert.That(Info(Created.AddMilliseconds(milliseconds)).Replaces(Info(Created)), Is.False);

    [Test]
    public void Replaces_TimesMeanNothing_IsTheSame() =>
        Assert.That(Info(Answered.AddSeconds(1), stable: false).Replaces(Info(Created)), Is.False);

    [Test]
    public void Replaces_OtherDeliverSubject_IsAnother() =>
        Assert.That(Info(Created, subject: "b").Replaces(Info(Created, subject: "a")), Is.True);

    private static ConsumerInfo Info(DateTimeOffset created, bool stable = true, string subject = "") =>
        new("s", "c", created, new ConsumerConfig { DeliverSubject = subject }, default!, default!, 0, 0, 0, 0, PushBound: false)
        {
            HasStableCreated = stable,
            AnsweredAt = Answered,
        };
}
