namespace Httpmq.Checker;

/// <summary>What can be found wrong.</summary>
public enum Breach
{
    /// <summary>A publish was answered 200 and its message is not in the stream.</summary>
    Lost,

    /// <summary>It is in the stream, but not at the sequence that the answer named.</summary>
    Misplaced,

    /// <summary>A publish was refused and its message is in the stream.</summary>
    StoredThoughRefused,

    /// <summary>One publish, two messages in the stream.</summary>
    StoredTwice,

    /// <summary>The stream holds a message that nobody sent.</summary>
    NeverSent,

    /// <summary>A stored message never reached a consumer's subscribers.</summary>
    NotDelivered,

    /// <summary>What was delivered is not what the stream holds at that sequence.</summary>
    DeliveredOther,

    /// <summary>A stored message is missing in what a replay's reader got, although later ones came, or the run is over.</summary>
    NotReplayed,

    /// <summary>A replay's reader got a message again, or behind a later one.</summary>
    ReplayedAgain,

    /// <summary>What was replayed is not what the stream holds at that sequence.</summary>
    ReplayedOther,

    /// <summary>A message came again after its acknowledgement was confirmed.</summary>
    DeliveredAfterAck,

    /// <summary>Messages came in another order than the stream's although nothing had failed.</summary>
    Reordered,

    /// <summary>A message came again before its time although nothing had failed.</summary>
    DeliveredTooEarly,

    /// <summary>The acknowledgement of a delivered message was refused.</summary>
    AckRefused,

    /// <summary>A subscription was ended with the words that its consumer is not there, and it is.</summary>
    EndedFalsely,

    /// <summary>A consumer still waits for something that everybody is done with.</summary>
    LeftPending,

    /// <summary>An answer that cannot be true: an internal error, or that the stream does not exist.</summary>
    WrongAnswer,

    /// <summary>Two subscribers hold a consumer that only one may hold, or one delivery reached two.</summary>
    TwoHolders,

    /// <summary>A subscription is open, and gets nothing.</summary>
    Silent,

    /// <summary>A change that was answered 200 is not there.</summary>
    ChangeLost,

    /// <summary>An answer took longer than promised although its client could be reached.</summary>
    AnsweredLate,

    /// <summary>Something that must harm nobody kept others from publishing.</summary>
    Starved,

    /// <summary>A process that was told to stop ended with an error, or ended although nobody told it to.</summary>
    BadExit,
}

/// <summary>Something found wrong, in words that name the messages.</summary>
public sealed record Violation(Breach Breach, string Evidence);

/// <summary>What the checker found.</summary>
public sealed class Verdict
{
    /// <summary>So many examples of each fault are kept; all are counted.</summary>
    public const int ExamplesKept = 10;

    private readonly Dictionary<Breach, (long Count, List<Violation> Examples)> _violations = [];
    private readonly List<(string Name, long Value)> _figures = [];

    public bool Holds => _violations.Count == 0;

    public IReadOnlyList<(string Name, long Value)> Figures => _figures;

    public IEnumerable<(Breach Breach, long Count, IReadOnlyList<Violation> Examples)> Violations =>
        _violations.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value.Count, (IReadOnlyList<Violation>)pair.Value.Examples));

    public long Count(Breach breach) => _violations.TryGetValue(breach, out var found) ? found.Count : 0;

    internal void Add(Breach breach, string evidence)
    {
        var (count, examples) = _violations.TryGetValue(breach, out var found) ? found : (0, []);
        if (examples.Count < ExamplesKept)
        {
            examples.Add(new Violation(breach, evidence));
        }

        _violations[breach] = (count + 1, examples);
    }

    internal void Figure(string name, long value) => _figures.Add((name, value));
}
