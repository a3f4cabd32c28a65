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

    public void Report(Verdict verdict, StorageCheck storage, CheckOptions options, FaultWindows faults, AckWorth worth)
    {
        var delivered = new HashSet<ulong>();
        foreach (var delivery in _deliveries)
        {
            delivered.Add(delivery.Sequence);
            if (!storage.Stored.TryGetValue(delivery.Sequence, out var stored)
                || !string.Equals(stored.Message, delivery.Message, StringComparison.Ordinal))
            {
                verdict.Add(Breach.DeliveredOther,
                    $"{Name(delivery)} is {delivery.Message}, and the stream holds {stored?.Message ?? "nothing"} there");
            }
        }

        var missing = storage.Stored.Values.Where(stored => !delivered.Contains(stored.Sequence))
            .OrderBy(stored => stored.Sequence).ToList();
        foreach (var stored in missing)
        {
            verdict.Add(Breach.NotDelivered, $"{consumer} never got {stored.Message} at {stored.Sequence}");
        }

        verdict.Figure($"{consumer}: deliveries", _deliveries.Count);
        verdict.Figure("  messages never delivered", missing.Count);
        verdict.Figure("  delivered again", _deliveries.Count - delivered.Count);
        ReportAcks(verdict, options, faults, worth);
        ReportHolders(verdict, options, faults);
        CalmOrder.Report(verdict, consumer, [.. _deliveries.Where(delivery => delivery.At < faults.CalmUntil)], options.AckWait);
        ReportEnd(verdict, storage);
    }

    private void ReportAcks(Verdict verdict, CheckOptions options, FaultWindows faults, AckWorth worth)
    {
        worth.Learn(_deliveries);
        var excused = new Dictionary<Excuse, int>();
        var confirmed = new Dictionary<ulong, AckEntry>();
        foreach (var ack in _acks.Where(ack => ack.Outcome is AckOutcome.Confirmed))
        {
            if (!confirmed.TryGetValue(ack.Sequence, out var known) || ack.Until < known.Until)
            {
                confirmed[ack.Sequence] = ack;
            }
        }

        ReportRefusals(verdict, worth);
        var (crossed, again) = (0, 0);
        foreach (var delivery in _deliveries)
        {
            if (!confirmed.TryGetValue(delivery.Sequence, out var ack) || delivery.At <= ack.Until)
            {
                continue;
            }

            if (delivery.At <= faults.ArrivesUntil(ack.Until, options.InTransit))
            {
                crossed++;
            }
            else if (worth.ForDelivery(delivery, ack) is { } excuse)
            {
                excused[excuse] = excused.GetValueOrDefault(excuse) + 1;
            }
            else
            {
                again++;
                verdict.Add(Breach.DeliveredAfterAck, $"{Name(delivery)} at {JournalChecker.Seconds(delivery.At)}, and the ack "
                    + $"of {ack.Sequence}/{ack.ConsumerSequence} was confirmed at {JournalChecker.Seconds(ack.Until)}");
            }
        }

        verdict.Figure("  again after a confirmed ack", again);
        verdict.Figure("  again, ack fell with its leader", excused.GetValueOrDefault(Excuse.FellWithLeader));
        verdict.Figure("  again, ack fell with the only copy", excused.GetValueOrDefault(Excuse.FellWithOnlyCopy));
        verdict.Figure("  again, consumer emptied by a stop", excused.GetValueOrDefault(Excuse.EmptiedByStop));
        verdict.Figure("  crossed the ack on the way", crossed);
        verdict.Figure("  acks confirmed", _acks.Count(ack => ack.Outcome is AckOutcome.Confirmed));
        verdict.Figure("  acks unknown", _acks.Count(ack => ack.Outcome is AckOutcome.Unknown));
    }

    /// <summary>What was delivered can be acknowledged, unless the server itself does not know of it any more.</summary>
    private void ReportRefusals(Verdict verdict, AckWorth worth)
    {
        var (refused, excused) = (0, 0);
        var delivered = _deliveries.ToLookup(delivery => (delivery.Sequence, delivery.ConsumerSequence), delivery => delivery.At);
        foreach (var ack in _acks.Where(ack => ack.Outcome is AckOutcome.Refused))
        {
            if (delivered[(ack.Sequence, ack.ConsumerSequence)].Any(at => worth.ForRefusal(ack, at) is not null))
            {
                excused++;
                continue;
            }

            refused++;
            verdict.Add(Breach.AckRefused, $"{consumer}: ack "
                + $"of {ack.Sequence}/{ack.ConsumerSequence} told {ack.Status} at {JournalChecker.Seconds(ack.Until)}: {ack.Detail}");
        }

        verdict.Figure("  acks refused", refused);
        verdict.Figure("  acks refused, delivery forgotten", excused);
    }

    /// <summary>
    /// The consumer's own number tells its deliveries apart: one that reaches two subscriptions was sent to both. While something is
    /// broken, or has just been mended, that may be; afterwards there is one holder.
    /// </summary>
    private void ReportHolders(Verdict verdict, CheckOptions options, FaultWindows faults)
    {
        var (meanwhile, transit) = (0, (long)options.InTransit.TotalMicroseconds);
        foreach (var copies in _deliveries.GroupBy(delivery => (delivery.Sequence, delivery.ConsumerSequence))
            .Where(copies => copies.Skip(1).Any()))
        {
            var (first, last) = (copies.First(), copies.Last());
            if (string.Equals(first.Subscription, last.Subscription, StringComparison.Ordinal) || last.At - first.At > transit)
            {
                continue;
            }

            if (!faults.IsQuiet(first.At, options.Convergence))
            {
                meanwhile++;
                continue;
            }

            verdict.Add(Breach.TwoHolders, $"{Name(first)} at {JournalChecker.Seconds(first.At)} reached {last.Subscription}, too");
        }

        verdict.Figure("  reached two subscriptions meanwhile", meanwhile);
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
            verdict.Add(Breach.LeftPending,
                $"{consumer}: {_end.Pending} not yet sent, {_end.AckPending} not acknowledged, floor at {_end.AckFloor} of {last}");
        }
    }

    private string Name(DeliveryEntry delivery) => $"{consumer} {delivery.Sequence}/{delivery.ConsumerSequence} on {delivery.Subscription}";
}
