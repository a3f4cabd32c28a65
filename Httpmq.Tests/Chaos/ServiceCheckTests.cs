using Httpmq.Checker;

namespace Httpmq.Tests.Chaos;

/// <summary>What the checker says about answers, holders and changes; the storage and delivery rules have their own tests.</summary>
internal sealed class ServiceCheckTests
{
    private const long Second = 1_000_000;
    private const string Stuck = "batches that nobody reads";

    [TestCase(11, 1)]
    [TestCase(9, 0)]
    public void AnswerThatTookTooLong_IsFound(int seconds, int found) =>
        Expect(Breach.AnsweredLate, found, [new RequestEntry(Second, (1 + seconds) * Second, "batch", 504)]);

    [TestCase(FaultEffects.HoldsClients, 0, Description = "nobody could hear the answer")]
    [TestCase(FaultEffects.Delays, 1, Description = "NATS was slow: that is no reason to let clients wait")]
    public void PublishThatTookTooLong_ExcusedOnlyWhereClientsWereHeld(FaultEffects effects, int found) =>
        Expect(Breach.AnsweredLate, found,
        [
            new FaultEntry(2 * Second, "stall", effects), new FaultEntry(4 * Second, "stall", Over: true),
            new PublishEntry(Second, 12 * Second, "p0-1", PublishOutcome.Unknown, Status: 504),
        ]);

    [TestCase(5, 0)]
    [TestCase(20, 1)]
    public void AnswerThatTookTooLongOnABusyMachine_IsNotHeldAgainstAnybody(int busyFrom, int found) =>
        Expect(Breach.AnsweredLate, found,
            [new RequestEntry(Second, 12 * Second, "batch", 504), new BusyEntry(busyFrom * Second, (busyFrom + 2) * Second)]);

    [Test]
    public void AckThatTookTooLong_IsFound() =>
        Expect(Breach.AnsweredLate, 1, [new AckEntry(Second, 12 * Second, "c", 1, 1, AckOutcome.Unknown, 504)]);

    [TestCase(1, 3, 1)]
    [TestCase(8, 2, 1, Description = "held up, and not kept out")]
    [TestCase(9, 1, 0)]
    public void PublishesThatFailDuringWhatMustHarmNobody_AreFound(int stored, int refused, int found) =>
        Expect(Breach.Starved, found,
        [
            new FaultEntry(Second, Stuck, FaultEffects.HarmsNobody), new FaultEntry(20 * Second, Stuck, Over: true),
            .. Enumerable.Range(0, stored).Select(number => Publish(number, PublishOutcome.Stored)),
            .. Enumerable.Range(stored, refused).Select(number => Publish(number, PublishOutcome.Refused)),
            .. Enumerable.Range(0, 9)
                .Select(number => Publish(number, PublishOutcome.Stored) with { Through = "gateway-1", Message = $"other-{number}" }),
        ]);

    [Test]
    public void OneDeliveryOnTwoSubscriptions_AfterEverythingIsWhole_IsTwoHolders() =>
        Expect(Breach.TwoHolders, 1,
        [
            new FaultEntry(Second, "cut"), new FaultEntry(2 * Second, "cut", Over: true),
            Delivery(20 * Second, "solo0"), Delivery((20 * Second) + 500, "solo1"),
        ]);

    [TestCase(1, Description = "while it is broken")]
    [TestCase(5, Description = "just after it was mended")]
    public void OneDeliveryOnTwoSubscriptions_Meanwhile_IsNotHeldAgainstAnybody(int at) =>
        Expect(Breach.TwoHolders, 0,
        [
            new FaultEntry(Second, "cut"), new FaultEntry(2 * Second, "cut", Over: true),
            Delivery(at * Second, "solo0"), Delivery((at * Second) + 500, "solo1"),
        ]);

    [Test]
    public void OneDeliveryOnTwoSubscriptions_DuringAnotherRace_IsTwoHolders() =>
        Expect(Breach.TwoHolders, 1,
        [
            new FaultEntry(19 * Second, "race", FaultEffects.HarmsNobody), new FaultEntry(30 * Second, "race", Over: true),
            Delivery(20 * Second, "solo0"), Delivery((20 * Second) + 500, "solo1"),
        ]);

    [TestCase(2, 2, Breach.TwoHolders, 1)]
    [TestCase(2, 1, Breach.TwoHolders, 1)]
    [TestCase(1, 1, Breach.TwoHolders, 0)]
    [TestCase(1, 0, Breach.Silent, 1)]
    [TestCase(1, 1, Breach.Silent, 0)]
    public void RaceForAConsumer_EndsWithOneHolderThatIsServed(int open, int received, Breach breach, int found) =>
        Expect(breach, found, [new HoldersEntry(Second, "race-1", open, received)]);

    [TestCase(200, "1", 1)]
    [TestCase(200, "2", 0)]
    [TestCase(200, null, 0, Description = "JetStream did not say")]
    [TestCase(409, "1", 0, Description = "refused")]
    public void ChangeThatWasConfirmed_IsThere(int status, string? present, int found) =>
        Expect(Breach.ChangeLost, found, [new ChangeEntry(Second, "limit", status, "2", present)]);

    private static PublishEntry Publish(int number, PublishOutcome outcome) =>
        new(5 * Second, 6 * Second, $"p0-{number}", outcome, (ulong)number, outcome is PublishOutcome.Stored
            ? 200
            : 503, Through: "gateway-0");

    private static DeliveryEntry Delivery(long at, string subscription) => new(at, "solo", subscription, 1, 1, "p0-1");

    private static void Expect(Breach breach, int found, IEnumerable<JournalEntry> journal) =>
        Assert.That(JournalChecker.Check(journal, new CheckOptions()).Count(breach), Is.EqualTo(found));
}
