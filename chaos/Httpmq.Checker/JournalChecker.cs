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
    /// nats-server before 2.10.16 confirms an acknowledgement before it has replicated it: one that was confirmed so shortly
    /// before the leader fell may be forgotten. Counted apart; newer servers are given no such time.
    /// </summary>
    public TimeSpan AckReplication { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Every nats-server writes acknowledgements about 100 ms after it confirmed them; on a busy machine later. Killed before, an only copy
    /// forgets them. Counted apart.
    /// </summary>
    public TimeSpan AckWritten { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long an answer may take: the promised 5 s, and as much again for a busy machine.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long something that must harm nobody may need until it would.</summary>
    public TimeSpan BuildUp { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After a fault, two gateways may each believe that they hold a consumer for so long.</summary>
    public TimeSpan Convergence { get; init; } = TimeSpan.FromSeconds(6);
}

/// <summary>
/// Reads a journal and says what does not agree: between what publishers were told and what the stream holds, and between
/// what the stream holds and what subscribers received and acknowledged.
/// </summary>
public static class JournalChecker
{
    private const int Ok = 200;

    public static Verdict Check(IEnumerable<JournalEntry> journal, CheckOptions options)
    {
        var storage = new StorageCheck();
        var deliveries = new Dictionary<string, DeliveryCheck>(StringComparer.Ordinal);
        var replays = new SortedDictionary<string, ReplayCheck>(StringComparer.Ordinal);
        var verdict = new Verdict();
        var faults = new FaultWindows();
        var servers = new ServerHistory();
        var answers = new AnswerCheck();
        foreach (var entry in journal)
        {
            switch (entry)
            {
                case PublishEntry publish:
                    storage.Add(publish);
                    answers.Add(publish);
                    break;
                case StoredEntry stored:
                    storage.Add(stored);
                    break;
                case DeliveryEntry delivery:
                    Of(delivery.Consumer).Add(delivery);
                    break;
                case ReplayEntry replay:
                    if (!replays.TryGetValue(replay.Reader, out var reader))
                    {
                        replays[replay.Reader] = reader = new ReplayCheck(replay.Reader);
                    }

                    reader.Add(replay);
                    break;
                case AckEntry ack:
                    Of(ack.Consumer).Add(ack);
                    answers.Add(ack);
                    break;
                case RequestEntry request:
                    answers.Add(request);
                    break;
                case BusyEntry busy:
                    answers.Add(busy);
                    break;
                case ConsumerEntry consumer:
                    Of(consumer.Consumer).Add(consumer);
                    break;
                case FaultEntry fault:
                    faults.Add(fault);
                    break;
                case ServerEntry server:
                    servers.Add(server);
                    break;
                case StreamEntry stream:
                    servers.Add(stream);
                    break;
                default:
                    Judge(entry, verdict);
                    break;
            }
        }

        storage.Report(verdict);
        answers.Report(verdict, options, faults);
        foreach (var (_, check) in deliveries.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            check.Report(verdict, storage, options, faults, new AckWorth(faults, servers, options));
        }

        foreach (var check in replays.Values)
        {
            check.Report(verdict, storage);
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

    /// <summary>What is right or wrong by itself.</summary>
    private static void Judge(JournalEntry entry, Verdict verdict)
    {
        switch (entry)
        {
            case ExitEntry exit when exit is not { Told: true, Code: 0 }:
                verdict.Add(Breach.BadExit,
                    $"{exit.Who} ended with {exit.Code} at {Seconds(exit.At)}, {(exit.Told ? "told to stop" : "told nothing")}");
                break;
            case EndEntry { Code: 404 } end:
                // A run deletes no consumer.
                verdict.Add(Breach.EndedFalsely, $"{end.Subscription} at {Seconds(end.At)}: {end.Detail}");
                break;
            case HoldersEntry holders when holders.Open > 1 || holders.Received > 1:
                verdict.Add(Breach.TwoHolders, $"{holders.Consumer} at {Seconds(holders.At)}: {holders.Open} subscriptions "
                    + $"open, {holders.Received} received the same message");
                break;
            case HoldersEntry { Open: 1, Received: 0 } holders:
                verdict.Add(
                    Breach.Silent, $"{holders.Consumer} at {Seconds(holders.At)}: a subscription is open, and the message did not come");
                break;
            case ChangeEntry { Status: Ok, Found: not null } change
                when !string.Equals(change.Found, change.Wanted, StringComparison.Ordinal):
                verdict.Add(
                    Breach.ChangeLost, $"{change.What} at {Seconds(change.At)}: 200 to {change.Wanted}, and JetStream has {change.Found}");
                break;
        }
    }
}
