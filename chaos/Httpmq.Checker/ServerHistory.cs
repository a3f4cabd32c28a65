namespace Httpmq.Checker;

/// <summary>
/// Which nats-servers ran when, and what an acknowledgement is worth on them. During an upgrade, and in a cluster of mixed
/// versions, nobody outside knows which of them answered, so the oldest that ran at that time decides.
/// </summary>
internal sealed class ServerHistory
{
    /// <summary>From here on the leader of a replicated consumer confirms an acknowledgement only when a quorum has it.</summary>
    private static readonly Version ConfirmsAfterQuorum = new(2, 10, 16);

    /// <summary>
    /// Earlier servers that are ended by SIGTERM within moments of an acknowledgement may start again with an empty consumer: seen with
    /// 2.9.10 and 2.10.27, never with 2.15.1. Versions between are not measured, and get no such excuse.
    /// </summary>
    private static readonly Version KeepsConsumersWhenStopped = new(2, 11);

    private readonly List<(long At, string Node, Version? Version)> _starts = [];

    /// <summary>How many copies the stream has; 0 where the journal does not say.</summary>
    public int Copies { get; private set; }

    public void Add(ServerEntry server) =>
        _starts.Add((server.At, server.Node, Version.TryParse(server.Version, out var version) ? version : null));

    public void Add(StreamEntry stream) => Copies = stream.Copies;

    /// <summary>Whether a leader that fell in this time may have confirmed what its followers never heard of.</summary>
    public bool ConfirmsBeforeReplication(long from, long to) => Oldest(from, to) is { } oldest && oldest < ConfirmsAfterQuorum;

    /// <summary>Whether a server that was ended in order in this time may have lost the state of its consumers.</summary>
    public bool LosesConsumersWhenStopped(long from, long to) => Oldest(from, to) is { } oldest && oldest < KeepsConsumersWhenStopped;

    /// <summary>
    /// Whether a leader that was killed in this time may take confirmed acknowledgements of three copies with it. Seen on 2.10.27, without
    /// a gateway in one of eight kills, and in a chaos run; not on 2.15.1.
    /// </summary>
    public bool ForgetsWhenLeaderIsKilled(long from, long to) => LosesConsumersWhenStopped(from, to);

    /// <summary>
    /// Null where the journal names no version: then nothing is excused. A node keeps its version until it starts with another.
    /// </summary>
    private Version? Oldest(long from, long to)
    {
        Version? oldest = null;
        foreach (var node in _starts.GroupBy(start => start.Node, StringComparer.Ordinal))
        {
            var before = node.Where(start => start.At <= from).TakeLast(1);
            foreach (var (_, _, version) in before.Concat(node.Where(start => start.At > from && start.At <= to)))
            {
                oldest = oldest is null || version < oldest ? version ?? oldest : oldest;
            }
        }

        return oldest;
    }
}
