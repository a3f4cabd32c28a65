namespace Httpmq.Checker;

/// <summary>What one consumer's subscribers received and acknowledged against what the stream holds.</summary>
internal sealed class DeliveryCheck(string consumer)
{
    private readonly List<DeliveryEntry> _deliveries = [];
    private readonly List<AckEntry> _acks = [];
    private ConsumerEntry? _end;

    public void Add(DeliveryEntry delivery) => _deliveries.Add(delivery);

    public void Add(AckEntry ack) => _acks.Add(ack);

    public void Add(ConsumerEntry end) => _end = end;

    public void Report(Verdict verdict, StorageCheck storage, CheckOptions options, FaultWindows faults)
    {
        var delivered = new HashSet<ulong>();
        foreach (var delivery in _deliveries)
        {
            delivered.Add(delivery.Sequence);
            if (!storage.Stored.TryGetValue(delivery.Sequence, out var stored) || !string.Equals(stored.Message, delivery.Message, StringComparison.Ordinal))
            {
                verdict.Add(Breach.DeliveredOther, $"{Name(delivery)} is {delivery.Message}, and the stream holds {stored?.Message ?? "nothing"} there");
            }
        }

        var missing = storage.Stored.Values.Where(stored => !delivered.Contains(stored.Sequence)).OrderBy(stored => stored.Sequence).ToList();
        foreach (var stored in missing)
        {
            verdict.Add(Breach.NotDelivered, $"{consumer} never got {stored.Message} at {stored.Sequence}");
        }

        verdict.Figure($"{consumer}: deliveries", _deliveries.Count);
        verdict.Figure("  messages never delivered", missing.Count);
        verdict.Figure("  delivered again", _deliveries.Count - delivered.Count);
        ReportAcks(verdict, options, faults);
        CalmOrder.Report(verdict, consumer, [.. _deliveries.Where(delivery => delivery.At < faults.CalmUntil)], options.AckWait);
        ReportEnd(verdict, storage);
    }

    private void ReportAcks(Verdict verdict, CheckOptions options, FaultWindows faults)
    {
        var confirmed = new Dictionary<ulong, AckEntry>();
        foreach (var ack in _acks)
        {
            if (ack.Outcome is AckOutcome.Confirmed && (!confirmed.TryGetValue(ack.Sequence, out var known) || ack.Until < known.Until))
            {
                confirmed[ack.Sequence] = ack;
            }
            else if (ack.Outcome is AckOutcome.Refused)
            {
                verdict.Add(Breach.AckRefused, $"{consumer}: ack of {ack.Sequence}/{ack.ConsumerSequence} told {ack.Status} at {JournalChecker.Seconds(ack.Until)}: {ack.Detail}");
            }
        }

        var (crossed, forgotten, again) = (0, 0, 0);
        foreach (var delivery in _deliveries)
        {
            if (!confirmed.TryGetValue(delivery.Sequence, out var ack) || delivery.At <= ack.Until)
            {
                continue;
            }

            if (delivery.At <= faults.ArrivesUntil(ack.Until, options.InTransit))
            {
                crossed++;
                continue;
            }

            if (faults.MayForget(ack.At, ack.Until, options.AckReplication))
            {
                forgotten++;
                continue;
            }

            again++;
            verdict.Add(Breach.DeliveredAfterAck, $"{Name(delivery)} at {JournalChecker.Seconds(delivery.At)}, and the ack of {ack.Sequence}/{ack.ConsumerSequence} was confirmed at {JournalChecker.Seconds(ack.Until)}");
        }

        verdict.Figure("  again after a confirmed ack", again);
        verdict.Figure("  again, ack fell with its leader", forgotten);
        verdict.Figure("  crossed the ack on the way", crossed);
        verdict.Figure("  acks confirmed", _acks.Count(ack => ack.Outcome is AckOutcome.Confirmed));
        verdict.Figure("  acks refused", _acks.Count(ack => ack.Outcome is AckOutcome.Refused));
        verdict.Figure("  acks unknown", _acks.Count(ack => ack.Outcome is AckOutcome.Unknown));
    }

    private void ReportEnd(Verdict verdict, StorageCheck storage)
    {
        if (_end is null)
        {
            return;
        }

        var last = storage.Stored.Count == 0 ? 0 : storage.Stored.Keys.Max();
        if (_end.Pending > 0 || _end.AckPending > 0 || _end.AckFloor < last)
        {
            verdict.Add(Breach.LeftPending, $"{consumer}: {_end.Pending} not yet sent, {_end.AckPending} not acknowledged, floor at {_end.AckFloor} of {last}");
        }
    }

    private string Name(DeliveryEntry delivery) => $"{consumer} {delivery.Sequence}/{delivery.ConsumerSequence} on {delivery.Subscription}";
}
