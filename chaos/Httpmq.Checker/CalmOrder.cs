namespace Httpmq.Checker;

/// <summary>
/// The order of deliveries while nothing has failed. Each subscription receives what the consumer sends in the consumer's
/// order, and the consumer sends the stream's messages in the stream's order; a message comes again only when its time is up.
/// </summary>
internal static class CalmOrder
{
    public static void Report(Verdict verdict, string consumer, IReadOnlyList<DeliveryEntry> deliveries, TimeSpan ackWait)
    {
        foreach (var subscription in deliveries.GroupBy(delivery => delivery.Subscription, StringComparer.Ordinal))
        {
            DeliveryEntry? before = null;
            foreach (var delivery in subscription)
            {
                if (before is not null && delivery.ConsumerSequence <= before.ConsumerSequence)
                {
                    verdict.Add(Breach.Reordered, $"{consumer} {Pair(delivery)} came after {Pair(before)} on {delivery.Subscription}");
                }

                before = delivery;
            }
        }

        // Timers of the server and of the journal are not the same: a tenth is their due.
        var shortest = (long)(ackWait.TotalMicroseconds * 0.9);
        var seen = new Dictionary<ulong, DeliveryEntry>();
        ulong highest = 0;
        foreach (var delivery in deliveries.OrderBy(delivery => delivery.ConsumerSequence))
        {
            if (seen.TryGetValue(delivery.Sequence, out var earlier))
            {
                if (delivery.At - earlier.At < shortest)
                {
                    verdict.Add(
                        Breach.DeliveredTooEarly,
                        $"{consumer} {Pair(delivery)} on {delivery.Subscription} came "
                            + $"{JournalChecker.Seconds(delivery.At - earlier.At)} after {Pair(earlier)} on {earlier.Subscription}");
                }
            }
            else if (delivery.Sequence < highest)
            {
                verdict.Add(Breach.Reordered, $"{consumer} {Pair(delivery)} was sent for the first time after stream sequence {highest}");
            }

            seen[delivery.Sequence] = delivery;
            highest = Math.Max(highest, delivery.Sequence);
        }

        verdict.Figure("  deliveries while nothing failed", deliveries.Count);
    }

    private static string Pair(DeliveryEntry delivery) => $"{delivery.Sequence}/{delivery.ConsumerSequence}";
}
