using Httpmq.Checker;

namespace Httpmq.Tests.Chaos;

/// <summary>
/// What a confirmed acknowledgement is worth, by the server that ran: what that server is known to forget is counted apart, and
/// nothing else. Each excuse has its counterpart, where the same journal is a violation.
/// </summary>
internal sealed class AckWorthTests
{
    private const long Second = 1_000_000;
    private const long Confirmed = (2 * Second) + 1000;
    private const string Kill = "kill -9 n0";
    private const string Split = "n0 is cut off";
    private const string Stop = "SIGTERM n0";
    private static readonly CheckOptions Options = new() { AckWait = TimeSpan.FromSeconds(5), InTransit = TimeSpan.FromSeconds(1) };

    [TestCase("2.9.10", 0)]
    [TestCase("2.10.15", 0)]
    [TestCase("2.10.16", 1)]
    [TestCase("2.15.1", 1)]
    [TestCase("not a version", 1)]
    public void LeaderFellAsItConfirmed_ThreeCopies_ExcusedBeforeTheQuorumCounts(string version, int found) =>
        Expect(found,
        [
            new StreamEntry(0, 3), new ServerEntry(0, version, "n0"), Begun(Confirmed + 1000, Kill, FaultEffects.ChangesLeader), .. Again(),
        ]);

    [TestCase("2.9.10", 0)]
    [TestCase("2.10.27", 1)]
    public void PausedNodeWokeUpAsItConfirmed_ExcusedBeforeTheQuorumCounts(string version, int found) =>
        Expect(found,
        [
            new ServerEntry(0, version, "n0"), Begun(Second / 2, "SIGSTOP n0", FaultEffects.ChangesLeader),
            Over(2 * Second, "SIGSTOP n0"), .. Again(),
        ]);

    [TestCase("2.9.10", 0)]
    [TestCase("2.10.27", 1)]
    public void ConfirmedWhileANodeWasEndedInOrder_ExcusedBeforeTheQuorumCounts(string version, int found) =>
        Expect(found,
        [
            new ServerEntry(0, version, "n0"), Begun(Second / 2, Stop, FaultEffects.ChangesLeader | FaultEffects.StopsServer),
            Over(8 * Second, Stop), .. Again(),
        ]);

    [TestCase("2.9.10", 0)]
    [TestCase("2.10.27", 1)]
    public void ConfirmedByANodeThatWasCutOff_ExcusedBeforeTheQuorumCounts(string version, int found) =>
        Expect(found,
        [
            new ServerEntry(0, version, "n0"), Begun(Second / 2, Split, FaultEffects.ChangesLeader | FaultEffects.SplitsCluster),
            Over(8 * Second, Split), .. Again(),
        ]);

    [TestCase("2.10.27", "2.9.10", 0, Description = "one old node is enough: it may have been the leader")]
    [TestCase("2.10.27", "2.15.1", 1)]
    public void LeaderFellInAMixedCluster_TheOldestDecides(string first, string second, int found) =>
        Expect(found,
        [
            new StreamEntry(0, 3), new ServerEntry(0, first, "n0"), new ServerEntry(0, second, "n1"),
            Begun(Confirmed + 1000, Kill, FaultEffects.ChangesLeader), .. Again(),
        ]);

    [TestCase(1, 1, Description = "upgraded before the acknowledgement")]
    [TestCase(10, 0, Description = "upgraded afterwards")]
    public void LeaderFellDuringAnUpgrade_TheOldestOfThatTimeDecides(int upgraded, int found) =>
        Expect(found,
        [
            new StreamEntry(0, 3), new ServerEntry(0, "2.9.10", "n0"), new ServerEntry(0, "2.10.27", "n1"),
            Begun(Confirmed + 1000, Kill, FaultEffects.ChangesLeader), .. Again(), new ServerEntry(upgraded * Second / 2, "2.10.27", "n0"),
        ]);

    [TestCase("2.9.10", 100, 0)]
    [TestCase("2.15.1", 100, 0, Description = "every version writes acknowledgements later than it confirms them")]
    [TestCase("2.15.1", 700, 1, Description = "by then they are written")]
    [TestCase("2.9.10", 700, 1)]
    public void OnlyCopyKilled_ExcusedForAMoment(string version, int milliseconds, int found) =>
        Expect(found,
        [
            new StreamEntry(0, 1), new ServerEntry(0, version, "n0"),
            Begun(Confirmed + (milliseconds * 1000), Kill, FaultEffects.ChangesLeader | FaultEffects.KillsCopy), .. Again(),
        ]);

    [TestCase("2.10.27", 100, 0, Description = "a leader that is killed may take what it confirmed last with it")]
    [TestCase("2.10.27", 700, 1)]
    [TestCase("2.15.1", 100, 1)]
    public void LeaderKilledAsItConfirmed_ThreeCopies_ExcusedForAMomentBefore211(string version, int milliseconds, int found) =>
        Expect(found,
        [
            new StreamEntry(0, 3), new ServerEntry(0, version, "n0"),
            Begun(Confirmed + (milliseconds * 1000), Kill, FaultEffects.ChangesLeader | FaultEffects.KillsCopy), .. Again(),
        ]);

    [Test]
    public void OneOfThreeCopiesKilled_NotExcused() =>
        Expect(1,
        [
            new StreamEntry(0, 3), new ServerEntry(0, "2.15.1", "n0"),
            Begun(Confirmed + 1000, Kill, FaultEffects.ChangesLeader | FaultEffects.KillsCopy), .. Again(),
        ]);

    [Test]
    public void OnlyCopyKilledBeforeTheAck_NotExcused() =>
        Expect(1,
        [
            new StreamEntry(0, 1), new ServerEntry(0, "2.15.1", "n0"), Begun(Second, Kill, FaultEffects.KillsCopy),
            Over((Second * 3) / 2, Kill), .. Again(),
        ]);

    [TestCase("2.9.10", 0)]
    [TestCase("2.10.27", 0)]
    [TestCase("2.15.1", 1)]
    public void ConsumerBeganAnewAfterAnOrderlyStop_ExcusedOnOldServers(string version, int found) =>
        Expect(found,
        [
            new ServerEntry(0, version, "n0"), Begun(10 * Second, Stop, FaultEffects.StopsServer), Over(12 * Second, Stop),
            new DeliveryEntry(19 * Second, "c", "s0", 1, 1, "p0-1"), .. Again(consumerSequence: 2),
        ],
        also: 1);

    [Test]
    public void OrderlyStopWithoutASignThatTheConsumerBeganAnew_NotExcused() =>
        Expect(1,
        [
            new ServerEntry(0, "2.9.10", "n0"), Begun(10 * Second, Stop, FaultEffects.StopsServer), Over(12 * Second, Stop), .. Again(),
        ]);

    [Test]
    public void ConsumerBeganAnewBeforeTheStop_NotExcused() =>
        Expect(2,
        [
            new ServerEntry(0, "2.9.10", "n0"), new DeliveryEntry(19 * Second, "c", "s0", 1, 1, "p0-1"), .. Again(consumerSequence: 2),
            Begun(25 * Second, Stop, FaultEffects.StopsServer),
        ]);

    [TestCase(1, 0, Description = "the only copy forgot the delivery itself")]
    [TestCase(3, 1)]
    public void AckRefusedAfterAKill_ExcusedWhereTheDeliveryWentWithTheOnlyCopy(int copies, int found)
    {
        var verdict = Check(
        [
            new StreamEntry(0, copies), new ServerEntry(0, "2.15.1", "n0"), Begun(Second + 100_000, Kill, FaultEffects.KillsCopy),
            .. Healthy(), new AckEntry(5 * Second, 5 * Second, "c", 2, 2, AckOutcome.Refused, 404),
        ]);

        Assert.That(verdict.Count(Breach.AckRefused), Is.EqualTo(found));
    }

    [Test]
    public void PublishLostByAKilledOnlyCopy_IsNeverExcused()
    {
        var verdict = Check(
        [
            new StreamEntry(0, 1), new ServerEntry(0, "2.9.10", "n0"), Begun(Second, Kill, FaultEffects.KillsCopy),
            .. Healthy().Where(entry => entry is not StoredEntry { Sequence: 2 }),
        ]);

        Assert.That(verdict.Count(Breach.Lost), Is.EqualTo(1), "a PubAck survives kill -9");
    }

    /// <summary>Three messages, delivered and acknowledged.</summary>
    private static IEnumerable<JournalEntry> Healthy()
    {
        for (ulong sequence = 1; sequence <= 3; sequence++)
        {
            yield return new PublishEntry(0, Second, $"p0-{sequence}", PublishOutcome.Stored, sequence, 200);
            yield return new StoredEntry(Second / 2, sequence, $"p0-{sequence}");
            yield return new DeliveryEntry(Second + (long)sequence, "c", "s0", sequence, sequence, $"p0-{sequence}");
            yield return new AckEntry(2 * Second, Confirmed, "c", sequence, sequence, AckOutcome.Confirmed, 200);
        }
    }

    /// <summary>The same, and the second comes again long after its acknowledgement.</summary>
    private static IEnumerable<JournalEntry> Again(ulong consumerSequence = 4) =>
        Healthy().Append(new DeliveryEntry(20 * Second, "c", "s0", 2, consumerSequence, "p0-2"));

    private static FaultEntry Begun(long at, string what, FaultEffects effects) => new(at, what, effects);

    private static FaultEntry Over(long at, string what) => new(at, what, Over: true);

    private static Verdict Check(IEnumerable<JournalEntry> journal) => JournalChecker.Check(journal, Options);

    private static void Expect(int found, IEnumerable<JournalEntry> journal, int also = 0) =>
        Assert.That(Check(journal).Count(Breach.DeliveredAfterAck), Is.EqualTo(found == 0 ? 0 : found + also));
}
