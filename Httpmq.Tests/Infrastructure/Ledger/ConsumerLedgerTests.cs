using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Ledger;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.Ledger;

/// <summary>What is remembered of consumers, for how long, and what it decides.</summary>
internal sealed class ConsumerLedgerTests
{
    private static readonly AckRules Rules = new(
        Retention: null, [], MarkDecides: true, SeenDecides: true, ForeignIsHarmless: true, SteadySince: 0);

    private readonly FakeTimeProvider _time = new();
    private ConsumerLedger _ledger = null!;

    [SetUp]
    public void Create() => _ledger = new ConsumerLedger(_time);

    [Test]
    public void Get_AnyNumberOfConsumers_RemembersABoundedNumberAndThoseInUse()
    {
        var used = _ledger.Get("s", "used");
        for (var number = 0; number < 5 * ConsumerLedger.Capacity; number++)
        {
            _ledger.Get("s", $"c{number}");
            used.Saw(new DeliverySequence(1, 1));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_ledger.Count, Is.LessThanOrEqualTo(ConsumerLedger.Capacity));
            Assert.That(_ledger.Get("s", "used"), Is.SameAs(used));
        }
    }

    [Test]
    public void Find_Unknown_IsNullAndRemembersNothing()
    {
        Assert.That(_ledger.Find("s", "c"), Is.Null);
        Assert.That(_ledger.Count, Is.Zero);
    }

    [Test]
    public void Get_AfterTheConnectionWasLost_IsInDoubtForAWhileAlsoWhenNew()
    {
        _ledger.Open();
        Assert.That(
            _ledger.Get("s", "before").IsInDoubt(steadySince: 0), Is.False, "before the first connection there was nothing to miss");

        _ledger.Doubt();
        _ledger.Open();
        Assert.That(_ledger.Get("s", "after").IsInDoubt(steadySince: 0), Is.True);

        _time.Advance(TimeSpan.FromSeconds(16));
        Assert.That(_ledger.Get("s", "after").IsInDoubt(steadySince: 0), Is.False);
    }

    [TestCase(1UL, 1UL, "Pass")]
    [TestCase(2UL, 2UL, "Pass")]
    [TestCase(1UL, 2UL, "AnotherMessage")]
    [TestCase(2UL, 1UL, "AnotherMessage")]
    [TestCase(3UL, 1UL, "Ask", Description = "beyond the mark")]
    [TestCase(1UL, 3UL, "Ask", Description = "beyond the mark")]
    public void Judge_AfterTwoDeliveries_IsWhatTheyTell(ulong stream, ulong consumer, string verdict)
    {
        var entry = _ledger.Get("s", "c");
        entry.Learn(entry.Generation, Rules, default);
        entry.Saw(new DeliverySequence(1, 1));
        entry.Saw(new DeliverySequence(2, 2));
        Assert.That(entry.Judge(new DeliverySequence(stream, consumer)), Is.EqualTo(Enum.Parse<AckVerdict>(verdict)));
    }

    [Test]
    public void SetBack_ConsumerThatGivesItsSequencesAgain_DropsTheMarkAndTakesNoneForAMistake()
    {
        var entry = _ledger.Get("s", "c");
        entry.Learn(entry.Generation, Rules, new DeliverySequence(9, 9));
        entry.Saw(new DeliverySequence(1, 1));

        _ledger.SetBack("s", "c");
        _ledger.SetBack("s", "unknown");

        Assert.That((entry.Mark, entry.Rules), Is.EqualTo((default(DeliverySequence), (AckRules?)null)));
        entry.Saw(new DeliverySequence(1, 1));
        entry.Learn(entry.Generation, Rules, new DeliverySequence(50, 2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(entry.Judge(new DeliverySequence(49, 1)), Is.EqualTo(AckVerdict.Pass), "one from before came through late");
            Assert.That(entry.IsInDoubt(steadySince: 0), Is.False, "its leader knows where it is");
            Assert.That(_ledger.Find("s", "unknown"), Is.Null);
        }
    }

    [Test]
    public void Judge_ConsumerSequenceGivenTwiceByTwoLeaders_IsNotTakenForAMistake()
    {
        var entry = _ledger.Get("s", "c");
        entry.Saw(new DeliverySequence(9, 9));
        _ledger.Elected("s", "c");
        entry.Learn(entry.Generation, Rules with { SteadySince = _time.GetTimestamp() }, new DeliverySequence(9, 9));
        entry.Saw(new DeliverySequence(5, 9));
        Assert.That(entry.Judge(new DeliverySequence(9, 9)), Is.EqualTo(AckVerdict.Pass));

        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.That(entry.Judge(new DeliverySequence(9, 9)), Is.EqualTo(AckVerdict.Pass), "nothing was delivered here for long");

        entry.Saw(new DeliverySequence(6, 10));
        Assert.That(entry.Judge(new DeliverySequence(9, 9)), Is.EqualTo(AckVerdict.AnotherMessage));
    }

    [Test]
    public void Compare_TheConsumerSaysLessThanItHad_ForgetsAndDoubts()
    {
        var entry = _ledger.Get("s", "c");
        entry.Learn(entry.Generation, Rules, new DeliverySequence(9, 9));
        var before = entry.Generation;
        var generation = entry.Compare(before, entry.Mark, new DeliverySequence(12, 3), created: null, answeredAt: null);
        Assert.That((generation, entry.Mark, entry.IsInDoubt(steadySince: 0)), Is.EqualTo((before + 1, default(DeliverySequence), true)));
    }

    [Test]
    public void Compare_AnotherConsumerOfTheName_ForgetsWithoutDoubt()
    {
        var entry = _ledger.Get("s", "c");
        var created = DateTimeOffset.UnixEpoch;
        entry.Learn(Compare(created), Rules, new DeliverySequence(9, 9));
        Assert.That(Compare(created), Is.EqualTo(entry.Generation), "the same");
        Assert.That(entry.Mark.Consumer, Is.EqualTo(9));

        Compare(created.AddHours(2));
        Assert.That((entry.Mark, entry.IsInDoubt(steadySince: 0)), Is.EqualTo((default(DeliverySequence), false)));

        long Compare(DateTimeOffset time) =>
            entry.Compare(entry.Generation, entry.Mark, new DeliverySequence(9, 9), time, time.AddHours(1));
    }

    /// <summary>From before an upgrade to 2.12.3 each replica has its own time of creation.</summary>
    [Test]
    public void Compare_AnotherReplicaThatWasCreatedBeforeTheLastAnswer_ForgetsNothing()
    {
        var entry = _ledger.Get("s", "c");
        var created = DateTimeOffset.UnixEpoch;
        var answered = created.AddHours(1);
        entry.Learn(
            entry.Compare(entry.Generation, entry.Mark, new DeliverySequence(9, 9), created, answered), Rules, new DeliverySequence(9, 9));

        entry.Compare(entry.Generation, entry.Mark, new DeliverySequence(9, 9), created.AddMilliseconds(3), answered);
        entry.Compare(entry.Generation, entry.Mark, new DeliverySequence(9, 9), created, answered);

        Assert.That(entry.Mark.Consumer, Is.EqualTo(9));
    }

    [Test]
    public void Learn_SomethingWasForgottenSinceItWasAsked_KeepsNothing()
    {
        var entry = _ledger.Get("s", "c");
        var generation = entry.Generation;
        _ledger.Reset("s", consumer: null);
        entry.Learn(generation, Rules, new DeliverySequence(9, 9));
        Assert.That((entry.Rules, entry.Mark), Is.EqualTo(((AckRules?)null, default(DeliverySequence))));
    }

    [Test]
    public void Saw_ManyDeliveries_KnowsTheLastTwoThousand()
    {
        var entry = _ledger.Get("s", "c");
        entry.Learn(entry.Generation, Rules with { MarkDecides = false }, default);
        for (ulong number = 1; number <= 10_000; number++)
        {
            entry.Saw(new DeliverySequence(number + 5, number));
        }

        var known = Enumerable.Range(1, 10_000)
            .Count(number => entry.Judge(new DeliverySequence((ulong)number + 5, (ulong)number)) is AckVerdict.Pass);
        Assert.That(known, Is.EqualTo(2048));
    }

    [Test]
    public async Task AskAsync_ManyAtOnce_AsksOnceMoreForThoseWhoCameLater()
    {
        var request = new SharedRequest<int>();
        var answers = new List<TaskCompletionSource<int>>();
        Task<int> Ask()
        {
            answers.Add(new TaskCompletionSource<int>());
            return answers[^1].Task;
        }

        var first = request.AskAsync(Ask);
        var others = Enumerable.Range(0, 10).Select(_ => request.AskAsync(Ask)).ToArray();
        Assert.That(answers, Has.Count.EqualTo(1));

        answers[0].SetResult(1);
        await Support.Eventually.HoldsAsync(() => answers.Count == 2, "a second request");
        answers[1].SetException(new InvalidOperationException());

        Assert.That(await first, Is.EqualTo(1));
        Assert.That(async () => await Task.WhenAll(others), Throws.InvalidOperationException);
        var later = request.AskAsync(Ask);
        answers[2].SetResult(3);
        Assert.That(await later, Is.EqualTo(3));
    }
}
