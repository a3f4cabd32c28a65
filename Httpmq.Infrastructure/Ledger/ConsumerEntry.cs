using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Ledger;

/// <summary>By which rules a consumer's deliveries are acknowledged, as its leader said.</summary>
/// <param name="Retention">The stream's; null where it does not matter.</param>
/// <param name="Filters">What the consumer gets; empty: everything.</param>
/// <param name="MarkDecides">Whether the mark, once it was asked for, decides by itself what is passed on.</param>
/// <param name="SeenDecides">Whether what was delivered here may be passed on without asking.</param>
/// <param name="ForeignIsHarmless">
/// Whether the message of another consumer, below the mark, survives an acknowledgement by this one.
/// </param>
/// <param name="SteadySince">
/// Since when the leader has certainly been the same, as a timestamp; 0: there are no copies that could lag, or no leader before it.
/// </param>
/// <param name="MostUnknown">How many deliveries a new leader may not know of at most.</param>
/// <param name="NakDelay">The delay that a nak is sent with where it names none, in nanoseconds.</param>
/// <param name="TermReason">What becomes of a term's reason.</param>
/// <param name="LearnedAt">When the leader said so, as a timestamp.</param>
internal sealed record AckRules(
    string? Retention,
    IReadOnlyList<SubjectFilter> Filters,
    bool MarkDecides,
    bool SeenDecides,
    bool ForeignIsHarmless,
    long SteadySince,
    ulong MostUnknown = ulong.MaxValue,
    long NakDelay = Settlement.DefaultDelay,
    TermReason TermReason = TermReason.Taken,
    long LearnedAt = 0);

/// <summary>What a consumer's leader makes of a term with a reason.</summary>
internal enum TermReason
{
    Taken,

    /// <summary>It confirms, and does not terminate.</summary>
    Ignored,

    /// <summary>It may be of the one kind or the other.</summary>
    Unsure,
}

/// <summary>What the ledger says about an acknowledgement.</summary>
internal enum AckVerdict
{
    /// <summary>Nothing for certain: ask the consumer.</summary>
    Ask,

    /// <summary>It may be a delivery of this consumer: pass it on.</summary>
    Pass,

    /// <summary>It is below the mark, but the consumer's filter may exclude it: look at the message's subject.</summary>
    CheckSubject,

    /// <summary>That delivery was one of another message.</summary>
    AnotherMessage,
}

/// <summary>One consumer: its high-water mark, its rules, and the last deliveries that went through this process.</summary>
internal sealed class ConsumerEntry
{
    // A leader that takes over sends again what it does not know of: at once, or when the acknowledgement is overdue.
    private static readonly TimeSpan DoubtLength = TimeSpan.FromSeconds(15);

    // After another leader took over, or a server came back that was killed, a consumer sequence may be given twice.
    private static readonly TimeSpan SequencesSettle = TimeSpan.FromMinutes(5);

    // At most so often one consumer is asked whether what is remembered of it still holds.
    private static readonly TimeSpan AnswerLife = TimeSpan.FromMilliseconds(200);

    // So long a leader that was just elected may say that it delivered nothing: it answers before it has read what it kept.
    private static readonly TimeSpan LeaderSettles = TimeSpan.FromMilliseconds(400);

    // The first leader is elected as soon as the consumer was created, and its advisory comes a little later.
    private static readonly TimeSpan FirstElection = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly long _opened;
    private readonly RecentDeliveries _recent = new();
    private readonly SharedRequest<ConsumerAnswer> _info = new();
    private ulong _streamMark;
    private ulong _consumerMark;
    private long _doubted;
    private long _setBack;
    private long _elected;
    private long _lastSeen;
    private long _confirmed;
    private long _learned;
    private long _created;
    private long _answeredAt;
    private long _generation;
    private int _used;
    private bool _onlyCopy;
    private AckRules? _rules;
    private KnownConsumer? _known;
    private string? _leader;

    public ConsumerEntry(TimeProvider time, long doubted)
    {
        _time = time;
        _opened = time.GetTimestamp();
        _doubted = doubted;
    }

    /// <summary>Null until the consumer was asked, and again after each reset.</summary>
    public AckRules? Rules => Volatile.Read(ref _rules);

    /// <summary>What its leader said last; of another generation than <see cref="Generation"/> it holds no longer.</summary>
    public KnownConsumer? Known => Volatile.Read(ref _known);

    /// <summary>Whether the consumer is known to have one copy only.</summary>
    public bool IsOnlyCopy
    {
        get => Volatile.Read(ref _onlyCopy);
        set => Volatile.Write(ref _onlyCopy, value);
    }

    /// <summary>Changes whenever something was forgotten: an answer to a request from before tells nothing.</summary>
    public long Generation => Volatile.Read(ref _generation);

    /// <summary>The highest delivery, as far as is known here; its two sequences may come from different deliveries.</summary>
    public DeliverySequence Mark => new(Volatile.Read(ref _streamMark), Volatile.Read(ref _consumerMark));

    /// <summary>A delivery went through this process.</summary>
    public void Saw(in DeliverySequence delivery)
    {
        _recent.Add(delivery);
        Volatile.Write(ref _lastSeen, _time.GetTimestamp());
        Raise(delivery);
        Use();
    }

    /// <summary>The consumer said how far it is.</summary>
    public void Raise(in DeliverySequence mark)
    {
        Raise(ref _streamMark, mark.Stream);
        Raise(ref _consumerMark, mark.Consumer);
    }

    /// <summary>Whether the consumer confirmed a moment ago that what is remembered of it still holds.</summary>
    public bool IsConfirmed => Volatile.Read(ref _confirmed) is not 0 and var then && _time.GetElapsedTime(then) < AnswerLife;

    /// <summary>Whether the consumer has said the same for so long that its leader knows how far it is.</summary>
    public bool IsSettled => Volatile.Read(ref _learned) is not 0 and var then && _time.GetElapsedTime(then) >= LeaderSettles;

    /// <summary>
    /// Compares what the consumer says with what was known when it was asked. It tells nobody that it was set back (CONSUMER.RESET), or
    /// that its server was killed and forgot; then sequences are given twice, and what is remembered holds no longer. Nor may the advisory
    /// have been heard that it was replaced.
    /// </summary>
    /// <param name="generation">As it was before the consumer was asked.</param>
    /// <param name="known">The mark before the consumer was asked.</param>
    /// <param name="mark">The mark that it says.</param>
    /// <param name="created">When it was created, where replicas agree on that.</param>
    /// <param name="answeredAt">The server's clock when it answered.</param>
    /// <returns>The generation for <see cref="Learn"/>.</returns>
    public long Compare(
        long generation, in DeliverySequence known, in DeliverySequence mark, DateTimeOffset? created, DateTimeOffset? answeredAt)
    {
        if (generation != Generation)
        {
            return generation;
        }

        // One from before an upgrade of the servers may have other times on other replicas, but all of them before the last answer.
        var ticks = created?.UtcTicks ?? 0;
        var differs = Interlocked.Exchange(ref _created, ticks) is not 0 and var before && ticks != 0 && ticks != before;
        var replaced = Interlocked.Exchange(ref _answeredAt, answeredAt?.UtcTicks ?? 0) < ticks && differs;
        if (replaced)
        {
            Reset();
        }
        else if (mark.Consumer < known.Consumer)
        {
            Doubt(_time.GetTimestamp());
        }

        return Generation;
    }

    /// <inheritdoc cref="Learn(long, AckRules, in DeliverySequence)"/>
    public KnownConsumer Learn(KnownConsumer known)
    {
        Volatile.Write(ref _known, known);
        Learn(known.Generation, known.Rules, known.Said);
        return known;
    }

    /// <summary>Keeps what the consumer said, unless something was forgotten since it was asked.</summary>
    public void Learn(long generation, AckRules rules, in DeliverySequence mark)
    {
        if (generation != Generation)
        {
            return;
        }

        Raise(mark);
        Volatile.Write(ref _rules, rules);
        Interlocked.CompareExchange(ref _learned, _time.GetTimestamp(), 0);
        if (generation != Generation)
        {
            Clear();
        }
    }

    /// <summary>What can be said without asking.</summary>
    public AckVerdict Judge(in DeliverySequence delivery)
    {
        if (Rules is not { } rules)
        {
            return AckVerdict.Ask;
        }

        var mark = Mark;
        return delivery.Stream <= mark.Stream && delivery.Consumer <= mark.Consumer
            ? JudgeBelowMark(delivery, rules, rules.MarkDecides)
            : AckVerdict.Ask;
    }

    /// <summary>What can be said of a delivery below the mark.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="rules">The consumer's.</param>
    /// <param name="markDecides">Whether the mark may be relied on: it is fresh, or the rules say so.</param>
    public AckVerdict JudgeBelowMark(in DeliverySequence delivery, AckRules rules, bool markDecides) => _recent.Find(delivery) switch
    {
        true when markDecides || rules.SeenDecides => AckVerdict.Pass,
        false when !IsDisturbed(rules.SteadySince, SequencesSettle) && !WasSetBack
            && _time.GetElapsedTime(Volatile.Read(ref _lastSeen)) < SequencesSettle => AckVerdict.AnotherMessage,
        _ when !markDecides => AckVerdict.Ask,
        _ => rules.Filters.Count == 0 ? AckVerdict.Pass : AckVerdict.CheckSubject,
    };

    /// <summary>
    /// Whether a leader may not know yet of deliveries that the one before it made.
    /// </summary>
    /// <param name="steadySince">As in <see cref="AckRules"/>.</param>
    public bool IsInDoubt(long steadySince) => IsDisturbed(steadySince, DoubtLength);

    /// <summary>Compares the leader that answers with the one before: the advisory that tells of another may be late, or lost.</summary>
    public void AnsweredBy(string? leader)
    {
        if (leader is not null && Interlocked.Exchange(ref _leader, leader) is { } before
            && !string.Equals(before, leader, StringComparison.Ordinal))
        {
            Elected();
        }
    }

    /// <summary>Since when the leader of a consumer with copies has certainly been the same.</summary>
    /// <param name="info">What the consumer's leader said.</param>
    /// <param name="created">When the consumer was created, where servers agree on it.</param>
    public long SteadySince(ConsumerInfoWire info, DateTimeOffset? created)
    {
        // The one that is elected when the consumer is created takes nothing over.
        var elected = Volatile.Read(ref _elected);
        if (created is { } birth && info.Ts is { } then && elected <= Ago(then - birth - (2 * FirstElection)))
        {
            elected = 0;
        }

        if (info.Cluster is not { Replicas.Count: > 0 })
        {
            return elected;
        }

        if (!info.Cluster.LeadsForCertain)
        {
            return _time.GetTimestamp();
        }

        if (info.Cluster.LeaderSince is not { } since || info.Ts is not { } now || now < since)
        {
            return Math.Max(_opened, elected);
        }

        return elected == 0 && (since - created)?.Duration() <= FirstElection ? 0 : Math.Max(Ago(now - since), elected);
    }

    /// <summary>
    /// Asks the consumer. Whoever asks while a request is under way gets the answer to the next one, so that none is older than the
    /// asking.
    /// </summary>
    public Task<ConsumerAnswer> AskAsync(Func<Task<ConsumerAnswer>> ask, CancellationToken cancellationToken) =>
        _info.AskAsync(ask).WaitAsync(cancellationToken);

    /// <summary>Forgets everything, because another leader was elected, which may know less.</summary>
    public void Elected()
    {
        Volatile.Write(ref _elected, _time.GetTimestamp());
        Reset();
    }

    /// <summary>Drops everything, because the consumer was set to another position on purpose: its leader knows where it is.</summary>
    public void SetBack()
    {
        Volatile.Write(ref _setBack, _time.GetTimestamp());
        Reset();
    }

    /// <summary>Forgets everything, because the server may have lost it too.</summary>
    public void Doubt(long timestamp)
    {
        Volatile.Write(ref _doubted, timestamp);
        Reset();
    }

    /// <summary>Forgets everything: what was known may belong to something that is gone.</summary>
    public void Reset()
    {
        Interlocked.Increment(ref _generation);
        Clear();
    }

    /// <summary>The consumer was asked whether what is remembered still holds, and it does.</summary>
    public void Confirm() => Volatile.Write(ref _confirmed, _time.GetTimestamp());

    /// <summary>Marks it as needed.</summary>
    public void Use()
    {
        if (Volatile.Read(ref _used) == 0)
        {
            Volatile.Write(ref _used, 1);
        }
    }

    /// <summary>Whether it was needed since the last time that this was asked.</summary>
    public bool TakeUse() => Interlocked.Exchange(ref _used, 0) == 1;

    /// <summary>The timestamp of a moment ago, or of one to come where the time is negative.</summary>
    private long Ago(TimeSpan time) => Math.Max(1, _time.GetTimestamp() - (long)(time.TotalSeconds * _time.TimestampFrequency));

    private bool IsDisturbed(long steadySince, TimeSpan length)
    {
        var last = Math.Max(steadySince, Volatile.Read(ref _doubted));
        return last != 0 && _time.GetElapsedTime(last) < length;
    }

    // A delivery from before may come through here after that.
    private bool WasSetBack => Volatile.Read(ref _setBack) is not 0 and var then && _time.GetElapsedTime(then) < SequencesSettle;

    private void Clear()
    {
        Volatile.Write(ref _rules, null);
        Volatile.Write(ref _streamMark, 0);
        Volatile.Write(ref _consumerMark, 0);
        Volatile.Write(ref _confirmed, 0);
        Volatile.Write(ref _learned, 0);
        _recent.Clear();
    }

    private static void Raise(ref ulong mark, ulong sequence)
    {
        var seen = Volatile.Read(ref mark);
        while (sequence > seen)
        {
            var current = Interlocked.CompareExchange(ref mark, sequence, seen);
            if (current == seen)
            {
                return;
            }

            seen = current;
        }
    }
}
