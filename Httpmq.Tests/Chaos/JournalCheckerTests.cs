using Httpmq.Checker;

namespace Httpmq.Tests.Chaos;

/// <summary>The checker itself: it must see what is planted, and nothing where nothing is wrong.</summary>
internal sealed class JournalCheckerTests
{
    private const long Second = 1_000_000;
    private static readonly CheckOptions Options = new() { AckWait = TimeSpan.FromSeconds(5), InTransit = TimeSpan.FromSeconds(1) };

    [Test]
    public void Check_NothingWrong_Holds() =>
        Assert.That(Check(Healthy()).Holds, Is.True, string.Join('\n', Check(Healthy()).Violations.SelectMany(found => found.Examples)));

    [Test]
    public void Check_StoredMessageGone_IsLost() =>
        Expect(Breach.Lost, Healthy().Where(entry => entry is not StoredEntry { Sequence: 2 }));

    [Test]
    public void Check_OtherPayloadAtTheToldSequence_IsLost() =>
        Expect(Breach.Lost, Healthy()
            .Select(entry => entry is StoredEntry { Sequence: 2 } stored ? stored with { Message = "p0-2:changed" } : entry));

    [Test]
    public void Check_StoredElsewhere_IsMisplaced() =>
        Expect(Breach.Misplaced, Healthy()
            .Select(entry => entry is PublishEntry { Sequence: 2 } publish ? publish with { Sequence = 3 } : entry));

    [Test]
    public void Check_StoredTwiceThoughPublishedOnce_IsFound() =>
        Expect(Breach.StoredTwice, Healthy().Append(new StoredEntry(Second, 4, "p0-2")));

    [Test]
    public void Check_RefusedAndStored_IsFound() =>
        Expect(Breach.StoredThoughRefused, Healthy().Select(entry =>
            entry is PublishEntry { Sequence: 2 } publish ? publish with { Outcome = PublishOutcome.Refused, Status = 503 } : entry));

    [Test]
    public void Check_StoredAndNeverSent_IsFound() =>
        Expect(Breach.NeverSent, Healthy().Append(new StoredEntry(Second, 4, "ghost")));

    [Test]
    public void Check_UnknownOutcome_MayBeStoredOrNot()
    {
        var unknown = Healthy().Append(new PublishEntry(0, Second, "p0-9", PublishOutcome.Unknown, Status: 503));

        Assert.That(Check(unknown).Holds, Is.True);
        Assert.That(Check(unknown.Append(new StoredEntry(Second, 4, "p0-9")))
            .Count(Breach.NotDelivered), Is.EqualTo(1), "a stored message must be delivered, whatever its publisher knows");
    }

    [Test]
    public void Check_NeverDelivered_IsFound() =>
        Expect(Breach.NotDelivered, Healthy().Where(entry => entry is not DeliveryEntry { Sequence: 2 }));

    [Test]
    public void Check_DeliveredOtherBytes_IsFound() =>
        Expect(Breach.DeliveredOther, Healthy()
            .Select(entry => entry is DeliveryEntry { Sequence: 2 } delivery ? delivery with { Message = "p0-3" } : entry));

    [Test]
    public void Check_DeliveryAfterConfirmedAck_IsFound() =>
        Expect(Breach.DeliveredAfterAck, Healthy().Append(new DeliveryEntry(20 * Second, "c", "s0", 2, 4, "p0-2")));

    [Test]
    public void Check_DeliveryUnderWayDuringTheAck_IsNotHeldAgainstAnybody() =>
        Assert.That(
            Check(Healthy().Prepend(new FaultEntry(0, "wires cut")).Append(new DeliveryEntry(3 * Second, "c", "s0", 2, 4, "p0-2"))).Holds,
            Is.True);

    [Test]
    public void Check_DeliveryHeldByAStalledWire_IsNotHeldAgainstAnybody() =>
        Assert.That(
            Check(Healthy()
                .Append(new FaultEntry(Second + (Second / 2), "stall", FaultEffects.Delays))
                .Append(new FaultEntry(19 * Second, "stall", Over: true))
                .Append(new DeliveryEntry((19 * Second) + 100, "c", "s0", 2, 4, "p0-2"))).Holds,
            Is.True);

    [Test]
    public void Check_DeliveryAfterUnknownAck_IsNotHeldAgainstAnybody() =>
        Assert.That(
            Check(Healthy()
                .Select(entry => entry is AckEntry { Sequence: 2 } ack ? ack with { Outcome = AckOutcome.Unknown, Status = 503 } : entry)
                .Append(new DeliveryEntry(20 * Second, "c", "s0", 2, 4, "p0-2"))).Holds,
            Is.True);

    [Test]
    public void Check_SubscriptionOutOfOrder_IsReordered() =>
        Expect(Breach.Reordered, Swapped());

    [Test]
    public void Check_ConsumerOutOfOrder_IsReordered() =>
        Expect(
            Breach.Reordered,
            Healthy().Select(entry => entry is DeliveryEntry delivery
                ? delivery with { Sequence = 4 - delivery.Sequence, Message = $"p0-{4 - delivery.Sequence}" }
                : entry));

    [Test]
    public void Check_OutOfOrderAfterAFault_IsNotHeldAgainstAnybody() =>
        Assert.That(Check(Swapped().Prepend(new FaultEntry(0, "leader killed"))).Holds, Is.True);

    [Test]
    public void Check_AgainBeforeItsTime_IsFound() =>
        Expect(Breach.DeliveredTooEarly, Healthy().Append(new DeliveryEntry(Second + 100, "c", "s1", 3, 4, "p0-3")));

    [Test]
    public void Check_AckOfADeliveryRefused_IsFound() =>
        Expect(Breach.AckRefused, Healthy().Append(new AckEntry(Second, 2 * Second, "c", 2, 2, AckOutcome.Refused, 404)));

    [Test]
    public void Check_SubscriptionEndedThoughItsConsumerIsThere_IsFound() =>
        Expect(Breach.EndedFalsely, Healthy().Append(new EndEntry(Second, "s0", 404, "the consumer was replaced")));

    [Test]
    public void Check_SubscriptionEndedByAShutdown_IsNotHeldAgainstAnybody() =>
        Assert.That(Check(Healthy().Append(new EndEntry(Second, "s0", 503, "the gateway stops"))).Holds, Is.True);

    [Test]
    public void Check_LeftPending_IsFound() =>
        Expect(Breach.LeftPending, Healthy()
            .Select(entry => entry is ConsumerEntry consumer ? consumer with { AckFloor = 2, AckPending = 1 } : entry));

    [Test]
    public void Check_StreamDeniedWhileItExists_IsFound() =>
        Expect(Breach.WrongAnswer, Healthy().Append(new PublishEntry(0, Second, "p0-9", PublishOutcome.Refused, Status: 404)));

    [Test]
    public void Check_ReplayLeavesOneOut_IsFound() =>
        Expect(Breach.NotReplayed, Healthy().Where(entry => entry is not ReplayEntry { Sequence: 2 }));

    [Test]
    public void Check_ReplayStopsBeforeTheEnd_IsFound() =>
        Expect(Breach.NotReplayed, Healthy().Where(entry => entry is not ReplayEntry { Sequence: 3 }));

    [Test]
    public void Check_ReplayHasOneTwiceInSpiteOfAFault_IsFound() =>
        Expect(Breach.ReplayedAgain, Healthy()
            .Prepend(new FaultEntry(0, "wires cut"))
            .SelectMany(static entry => entry is ReplayEntry { Sequence: 2 } ? new[] { entry, entry } : [entry]));

    [Test]
    public void Check_ReplayOutOfOrder_IsFound() =>
        Expect(Breach.ReplayedAgain, Healthy().Append(new ReplayEntry(9 * Second, "r", 1, "p0-1")));

    [Test]
    public void Check_ReplayHasOtherBytes_IsFound() =>
        Expect(Breach.ReplayedOther, Healthy()
            .Select(entry => entry is ReplayEntry { Sequence: 2 } replay ? replay with { Message = "p0-3" } : entry));

    [Test]
    public void Check_ReplayEndsThoughTheStreamIsThere_IsFound() =>
        Expect(Breach.EndedFalsely, Healthy().Append(new EndEntry(Second, "replay0.1@a", 404, "the stream was deleted")));

    [TestCase(1, true)]
    [TestCase(0, false)]
    public void Check_ProcessEndedBadly_IsFound(int code, bool told) =>
        Expect(Breach.BadExit, Healthy().Append(new ExitEntry(Second, "gateway-0", code, told)));

    [Test]
    public async Task Journal_WrittenAndRead_IsTheSame()
    {
        var path = Path.GetTempFileName();
        await using (var writer = new JournalWriter(path))
        {
            foreach (var entry in Healthy())
            {
                writer.Write(entry);
            }
        }

        Assert.That(JournalReader.Read(path), Is.EqualTo(Healthy()));
        File.Delete(path);
    }

    /// <summary>Three messages: published, stored, delivered to one consumer, acknowledged and replayed.</summary>
    private static List<JournalEntry> Healthy()
    {
        var journal = new List<JournalEntry>();
        for (ulong sequence = 1; sequence <= 3; sequence++)
        {
            var message = $"p0-{sequence}";
            journal.Add(new PublishEntry(0, Second, message, PublishOutcome.Stored, sequence, 200));
            journal.Add(new DeliveryEntry(Second + (long)sequence, "c", "s0", sequence, sequence, message));
            journal.Add(new ReplayEntry(Second + (long)sequence, "r", sequence, message));
            journal.Add(new AckEntry(2 * Second, (2 * Second) + 1000, "c", sequence, sequence, AckOutcome.Confirmed, 200));
            journal.Add(new StoredEntry(Second / 2, sequence, message));
        }

        journal.Add(new ConsumerEntry(30 * Second, "c", AckFloor: 3, Pending: 0, AckPending: 0));
        return journal;
    }

    private static List<JournalEntry> Swapped()
    {
        var journal = Healthy();
        var (second, third) = (journal.FindIndex(entry => entry is DeliveryEntry { Sequence: 2 }),
            journal.FindIndex(entry => entry is DeliveryEntry { Sequence: 3 }));
        (journal[second], journal[third]) = (journal[third], journal[second]);
        return journal;
    }

    private static Verdict Check(IEnumerable<JournalEntry> journal) => JournalChecker.Check(journal, Options);

    private static void Expect(Breach breach, IEnumerable<JournalEntry> journal) =>
        Assert.That(Check(journal).Count(breach), Is.GreaterThan(0), $"{breach} was planted and not found");
}
