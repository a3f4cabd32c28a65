namespace Httpmq.Checker;

/// <summary>
/// What one reader of replays received, over all its answers, against what the stream holds: all of it, once and in order.
/// </summary>
internal sealed class ReplayCheck(string reader)
{
    private readonly List<ReplayEntry> _messages = [];

    public void Add(ReplayEntry message) => _messages.Add(message);

    public void Report(Verdict verdict, StorageCheck storage)
    {
        ReplayEntry? before = null;
        var seen = new HashSet<ulong>();
        foreach (var message in _messages)
        {
            if (message.Sequence <= before?.Sequence)
            {
                verdict.Add(
                    Breach.ReplayedAgain,
                    $"{reader} got {message.Sequence} at {JournalChecker.Seconds(message.At)}, after {before.Sequence}");
            }

            if (!storage.Stored.TryGetValue(message.Sequence, out var stored)
                || !string.Equals(stored.Message, message.Message, StringComparison.Ordinal))
            {
                verdict.Add(
                    Breach.ReplayedOther,
                    $"{reader} got {message.Message} at {message.Sequence}, and the stream holds {stored?.Message ?? "nothing"} there");
            }

            seen.Add(message.Sequence);
            before = message;
        }

        var missing = storage.Stored.Values.Where(stored => !seen.Contains(stored.Sequence)).OrderBy(stored => stored.Sequence).ToList();
        foreach (var stored in missing)
        {
            verdict.Add(Breach.NotReplayed, $"{reader} never got {stored.Message} at {stored.Sequence}");
        }

        verdict.Figure($"{reader}: replayed", _messages.Count);
        verdict.Figure("  messages never replayed", missing.Count);
    }
}
