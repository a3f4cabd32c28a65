namespace Httpmq.Checker;

/// <summary>What the checker must know about the run.</summary>
public sealed record CheckOptions
{
    /// <summary>After this time without an acknowledgement a message comes again.</summary>
    public TimeSpan AckWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a delivery may have been under way when the acknowledgement of an earlier one was confirmed: the
    /// acknowledgement cannot call it back. A fault that delays comes on top.
    /// </summary>
    public TimeSpan InTransit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// nats-server before 2.10 confirms an acknowledgement before it has replicated it: one that was confirmed so shortly
    /// before the leader fell may be forgotten. Counted apart; newer servers are given no such time.
    /// </summary>
    public TimeSpan AckReplication { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Reads a journal and says what does not agree: between what publishers were told and what the stream holds, and between
/// what the stream holds and what subscribers received and acknowledged.
/// </summary>
public static class JournalChecker
{
    private static readonly Version FirstServerThatReplicatesFirst = new(2, 10);

    public static Verdict Check(IEnumerable<JournalEntry> journal, CheckOptions options)
    {
        var storage = new StorageCheck();
        var deliveries = new Dictionary<string, DeliveryCheck>(StringComparer.Ordinal);
        var verdict = new Verdict();
        var faults = new FaultWindows();
        foreach (var entry in journal)
        {
            switch (entry)
            {
                case PublishEntry publish:
                    storage.Add(publish);
                    break;
                case StoredEntry stored:
                    storage.Add(stored);
                    break;
                case DeliveryEntry delivery:
                    Of(delivery.Consumer).Add(delivery);
                    break;
                case AckEntry ack:
                    Of(ack.Consumer).Add(ack);
                    break;
                case ConsumerEntry consumer:
                    Of(consumer.Consumer).Add(consumer);
                    break;
                case ExitEntry exit when exit is not { Told: true, Code: 0 }:
                    verdict.Add(Breach.BadExit, $"{exit.Who} ended with {exit.Code} at {Seconds(exit.At)}, {(exit.Told ? "told to stop" : "told nothing")}");
                    break;
                case EndEntry { Code: 404 } end:
                    // A run deletes no consumer.
                    verdict.Add(Breach.EndedFalsely, $"{end.Subscription} at {Seconds(end.At)}: {end.Detail}");
                    break;
                case FaultEntry fault:
                    faults.Add(fault);
                    break;
                case ServerEntry server:
                    faults.ForgetsAcks = Version.TryParse(server.Version, out var version) && version < FirstServerThatReplicatesFirst;
                    break;
            }
        }

        storage.Report(verdict);
        foreach (var (_, check) in deliveries.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            check.Report(verdict, storage, options, faults);
        }

        return verdict;

        DeliveryCheck Of(string consumer)
        {
            if (!deliveries.TryGetValue(consumer, out var check))
            {
                deliveries[consumer] = check = new DeliveryCheck(consumer);
            }

            return check;
        }
    }

    internal static string Seconds(long microseconds) => $"{microseconds / 1e6:0.000} s";
}
