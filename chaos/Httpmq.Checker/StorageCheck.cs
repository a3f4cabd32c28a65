namespace Httpmq.Checker;

/// <summary>What publishers were told against what the stream holds.</summary>
internal sealed class StorageCheck
{
    private const int NotFound = 404;
    private const int InternalError = 500;

    private readonly List<PublishEntry> _publishes = [];
    private readonly Dictionary<ulong, StoredEntry> _bySequence = [];
    private readonly Dictionary<string, StoredEntry> _byMessage = new(StringComparer.Ordinal);
    private readonly List<(StoredEntry First, StoredEntry Second)> _twice = [];

    /// <summary>All that the stream holds, by sequence.</summary>
    public IReadOnlyDictionary<ulong, StoredEntry> Stored => _bySequence;

    public void Add(PublishEntry publish) => _publishes.Add(publish);

    public void Add(StoredEntry stored)
    {
        _bySequence[stored.Sequence] = stored;
        if (!_byMessage.TryAdd(stored.Message, stored))
        {
            _twice.Add((_byMessage[stored.Message], stored));
        }
    }

    public void Report(Verdict verdict)
    {
        var sent = new Dictionary<string, PublishEntry>(StringComparer.Ordinal);
        foreach (var publish in _publishes)
        {
            sent[publish.Message] = publish;
            Compare(publish, verdict);
        }

        foreach (var (first, second) in _twice)
        {
            var told = sent.TryGetValue(first.Message, out var publish) ? $"{publish.Outcome} {publish.Status}" : "never sent";
            verdict.Add(Breach.StoredTwice, $"{first.Message} (told {told}) is at {first.Sequence} and at {second.Sequence}");
        }

        foreach (var stored in _byMessage.Values.Where(stored => !sent.ContainsKey(stored.Message)))
        {
            verdict.Add(Breach.NeverSent, $"{stored.Message} at {stored.Sequence}");
        }

        ReportFigures(verdict);
    }

    private void Compare(PublishEntry publish, Verdict verdict)
    {
        var held = _byMessage.GetValueOrDefault(publish.Message);
        var what = $"{publish.Message}, told {publish.Status} at {JournalChecker.Seconds(publish.Until)}";
        switch (publish.Outcome)
        {
            case PublishOutcome.Stored when held is null:
                verdict.Add(Breach.Lost, $"{what} as sequence {publish.Sequence}, where the stream holds {NameAt(publish.Sequence)}");
                break;
            case PublishOutcome.Stored when !string.Equals(NameAt(publish.Sequence), publish.Message, StringComparison.Ordinal):
                verdict.Add(Breach.Misplaced,
                    $"{what} as sequence {publish.Sequence}, is at {held!.Sequence}; there is {NameAt(publish.Sequence)}");
                break;
            case PublishOutcome.Refused when held is not null:
                verdict.Add(Breach.StoredThoughRefused,
                    $"{what} ({publish.Detail}), is at {held.Sequence}, stored at {JournalChecker.Seconds(held.At)}");
                break;
        }

        if (publish.Status is NotFound or InternalError)
        {
            verdict.Add(Breach.WrongAnswer, $"publish of {what}: {publish.Detail}");
        }
    }

    private void ReportFigures(Verdict verdict)
    {
        var unknown = _publishes.Where(publish => publish.Outcome is PublishOutcome.Unknown).ToList();
        verdict.Figure("published", _publishes.Count);
        verdict.Figure("  told stored (200)", _publishes.Count(publish => publish.Outcome is PublishOutcome.Stored));
        verdict.Figure("  told refused", _publishes.Count(publish => publish.Outcome is PublishOutcome.Refused));
        verdict.Figure("  outcome unknown", unknown.Count);
        verdict.Figure("    of which stored", unknown.Count(publish => _byMessage.ContainsKey(publish.Message)));
        verdict.Figure("    of which stored after the end", unknown.Count(
            publish => _byMessage.TryGetValue(publish.Message, out var held) && held.At > publish.Until));
        verdict.Figure("  slowest publish (ms)", _publishes.Count == 0 ? 0 : _publishes.Max(publish => publish.Until - publish.At) / 1000);
        verdict.Figure("in the stream", _bySequence.Count);
    }

    private string NameAt(ulong sequence) => _bySequence.TryGetValue(sequence, out var stored) ? stored.Message : "nothing";
}
