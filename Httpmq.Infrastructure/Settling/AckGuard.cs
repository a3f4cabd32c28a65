using System.Text.Json;
using Httpmq.Domain.Consumers;
using Httpmq.Application.Consumers;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Settling;

/// <summary>
/// Asks JetStream about deliveries that the ledger cannot vouch for. The consumer's leader alone is asked what was delivered: the stream's
/// leader may know less. "Was never sent" is said only where no copy can be behind: docs/adr/0001-stateless-confirmed-acknowledgements.md.
/// </summary>
internal sealed class AckGuard(RequestLink link, JetStreamApi api, ConsumerLedger ledger, TimeProvider time)
{
    private static readonly TimeSpan LeaderPoll = TimeSpan.FromMilliseconds(200);

    // How far a new leader may be behind. Deliveries and acknowledgements reach the copies in the same order, and no more than
    // max_ack_pending deliveries are unacknowledged; the least is a second of many, for servers that do not wait for the copies.
    private const ulong LeastUnknown = 10_000;
    private const ulong UnknownPerPending = 4;

    /// <summary>Asks about one delivery.</summary>
    /// <returns>
    /// A refusal; or how to go on, <see cref="AckVerdict.Pass"/> or <see cref="AckVerdict.LookAtSubject"/>, and by which rules.
    /// </returns>
    public async Task<(Error? Refusal, AckVerdict Verdict, ConsumerEntry? Entry, AckRules? Rules)> AskAsync(
        StreamName stream,
        ConsumerName name,
        DeliverySequence delivery,
        AckTimeLimit? timeLimit,
        CancellationToken cancellationToken)
    {
        try
        {
            var operation = IMessageAcknowledger.Operation(stream, name, delivery);
            var (refusal, known) = await LearnAsync(operation, stream, name, cancellationToken);
            if (refusal is not null)
            {
                return (refusal, AckVerdict.Ask, null, null);
            }

            var isStopping = known.IsBeyond(delivery) && !known.HasCopies
                && await HasCopiesAsync(operation, stream, known, cancellationToken);
            var mayKnowLess = (known.HasCopies || known.IsInDoubt) && known.IsBeyond(delivery) && !known.IsFarBeyond(delivery);
            if (isStopping || mayKnowLess)
            {
                (refusal, known) = await WaitForLeaderAsync(
                    operation, stream, name, delivery, known, timeLimit ?? new AckTimeLimit(time), cancellationToken);
                if (refusal is not null)
                {
                    return (refusal, AckVerdict.Ask, null, null);
                }
            }

            if (known.IsBeyond(delivery))
            {
                isStopping = isStopping && !known.HasCopies;
                var inDoubt = isStopping || (known.IsInDoubt && !known.IsFarBeyond(delivery));
                return (
                    inDoubt
                        ? AckErrors.Unknown(operation)
                        : AckErrors.Beyond(operation, delivery, known.Mark, isOnlyCopy: !known.HasCopies),
                    AckVerdict.Ask,
                    null,
                    null);
            }

            return (null, known.Entry.JudgeBelowMark(delivery, known.Rules, markDecides: true), known.Entry, known.Rules);
        }
        catch (HttpmqException exception)
        {
            return (exception.Error, AckVerdict.Ask, null, null);
        }
    }

    /// <summary>Asks about the consumer only, unless enough is known of it.</summary>
    public async ValueTask<Error?> PrepareAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken)
    {
        if (ledger.Find(stream.Value, name.Value)?.Rules is not null)
        {
            return null;
        }

        try
        {
            var operation = new Operation(OperationKind.AcknowledgeMany, stream.Value, name.Value);
            return (await LearnAsync(operation, stream, name, cancellationToken)).Refusal;
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
    }

    /// <summary>
    /// Below the mark a filtered consumer could still name a message that its filter excludes: one of another consumer, which on
    /// some servers would be removed from the stream.
    /// </summary>
    public async Task<bool> WasForConsumerAsync(
        StreamName stream,
        ConsumerName name,
        DeliverySequence delivery,
        ConsumerEntry entry,
        CancellationToken cancellationToken)
    {
        var operation = IMessageAcknowledger.Operation(stream, name, delivery);
        var answer = await api.TryCallAsync(
            operation,
            $"STREAM.MSG.GET.{stream}",
            JsonSerializer.SerializeToUtf8Bytes(new MessageGetRequest(delivery.Stream), WireJson.Default.MessageGetRequest),
            WireJson.Default.MessageGetResponse,
            cancellationToken);
        if (answer.Error is { } error)
        {
            // It is gone, so there is nothing left to harm: acknowledging twice succeeds.
            return error.Code == 404 ? true : throw new HttpmqException(JetStreamErrors.ToError(operation, error));
        }

        var subject = answer.Message?.Subject ?? string.Empty;
        if (entry.Rules is { } rules && Covers(rules, subject))
        {
            return true;
        }

        // Others may have changed the filter, and no advisory says so.
        var (refusal, known) = await LearnAsync(operation, stream, name, cancellationToken);
        return refusal is null ? Covers(known.Rules, subject) : throw new HttpmqException(refusal);
    }

    /// <summary>Asks the consumer's leader, and keeps what it says.</summary>
    private async Task<(Error? Refusal, Known Known)> LearnAsync(
        Operation operation, StreamName stream, ConsumerName name, CancellationToken cancellationToken)
    {
        var entry = ledger.Find(stream.Value, name.Value);
        var generation = entry?.Generation ?? 0;
        var before = entry?.Mark ?? default;
        var info = entry is null
            ? await api.FindConsumerAsync(operation, stream, name, cancellationToken)
            : await entry.AskAsync(() => api.FindConsumerAsync(operation, stream, name, CancellationToken.None), cancellationToken);
        if (info is null)
        {
            return (ConsumerErrors.NotFound(stream, name), default);
        }

        if (info.Config!.Text("ack_policy") is not "explicit" and var policy)
        {
            return (ConsumerErrors.OtherPolicy(operation, policy), default);
        }

        if (entry is null)
        {
            entry = ledger.Get(stream.Value, name.Value);
            generation = entry.Generation;
        }

        var copies = info.Cluster?.Replicas is { Count: > 0 };
        if (copies)
        {
            entry.IsOnlyCopy = false;
        }

        DateTimeOffset? created =
            ServerFacts.OfLeader(info.Config.LeaderVersion, link.Server).HasStableConsumerCreated ? info.Created : null;
        entry.AnsweredBy(info.Cluster?.Leader);
        var rules = await RulesOfAsync(
            operation, stream, info, entry.Rules?.Retention, entry.SteadySince(info, created), cancellationToken);
        var mark = new DeliverySequence(info.Delivered?.StreamSeq ?? 0, info.Delivered?.ConsumerSeq ?? 0);
        generation = entry.Compare(generation, before, mark, created, info.Ts);
        entry.Learn(generation, rules, mark);
        return (null, new Known(
            entry, rules, mark, copies, (int)(info.Config.Number("num_replicas") ?? 0), info.Cluster?.LeadsForCertain ?? true));
    }

    /// <summary>
    /// Whether a consumer has copies although it names none: that of a server that is stopping (2.10.27, 2.15.1, under load). Then it may
    /// also say that it delivered nothing.
    /// </summary>
    private async Task<bool> HasCopiesAsync(Operation operation, StreamName stream, Known known, CancellationToken cancellationToken)
    {
        if (known.Entry.IsOnlyCopy)
        {
            return false;
        }

        var wanted = known.Wanted is not 0 and var own
            ? own
            : (await api.CallAsync(
                operation, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamInfoWire, cancellationToken)).Config!.Known.NumReplicas;
        known.Entry.IsOnlyCopy = wanted == 1;
        return wanted > 1;
    }

    private async Task<AckRules> RulesOfAsync(
        Operation operation,
        StreamName stream,
        ConsumerInfoWire info,
        string? retention,
        long steadySince,
        CancellationToken cancellationToken)
    {
        var config = info.Config!;
        var leader = ServerFacts.OfLeader(config.LeaderVersion, link.Server);
        if (!leader.KeepsMessagesOfOthers)
        {
            retention ??= (await api.CallAsync(
                operation, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamInfoWire, cancellationToken)).Config!.Text("retention");
        }

        var harmless = leader.KeepsMessagesOfOthers || retention is "limits";
        var confirmsAnything = leader.ConfirmsAnythingWithFlowControl && config.IsOn("flow_control");
        return new AckRules(
            retention,
            FiltersOf(config.Known),
            MarkDecides: harmless && !leader.MovesCursorOnUnknownAck && !confirmsAnything,
            SeenDecides: !confirmsAnything,
            ForeignIsHarmless: harmless,
            steadySince,
            config.Known.MaxAckPending is > 0 and var most ? Math.Max(LeastUnknown, UnknownPerPending * (ulong)most) : ulong.MaxValue,
            SettleFacts.NakDelayOf(config),
            SettleFacts.TermReasonOf(config, leader, link.Server),
            time.GetTimestamp());
    }

    /// <summary>
    /// Asks again until the leader knows of the delivery. Copies of a consumer learn of deliveries a little later than subscribers: a
    /// leader that takes over knows the last ones only once it has sent them again, which it does at once.
    /// </summary>
    private async Task<(Error? Refusal, Known Known)> WaitForLeaderAsync(
        Operation operation,
        StreamName stream,
        ConsumerName name,
        DeliverySequence delivery,
        Known known,
        AckTimeLimit timeLimit,
        CancellationToken cancellationToken)
    {
        Error? refusal = null;
        while (refusal is null && known.IsBeyond(delivery) && !known.IsFarBeyond(delivery) && timeLimit.Start() is { } left
            && left > TimeSpan.Zero)
        {
            await Task.Delay(left < LeaderPoll ? left : LeaderPoll, time, cancellationToken);
            (refusal, known) = await LearnAsync(operation, stream, name, cancellationToken);
        }

        return (refusal, known);
    }

    private static SubjectFilter[] FiltersOf(ConsumerConfig config)
    {
        var filters = config.Filters()
            .Select(static text => SubjectFilter.TryParse(text, out var filter, out _) ? filter : default).ToArray();

        // One that cannot be read here may let anything through.
        return filters.Any(static filter => filter.Value is null) ? [] : filters;
    }

    private static bool Covers(AckRules rules, string subject) =>
        rules.Filters.Count == 0 || rules.Filters.Any(filter => filter.Covers(subject));

    /// <summary>What a consumer's leader said a moment ago.</summary>
    /// <param name="Entry">Where it is kept.</param>
    /// <param name="Rules">The consumer's.</param>
    /// <param name="Said">The mark that it said.</param>
    /// <param name="HasCopies">Whether it named its copies.</param>
    /// <param name="Wanted">How many copies its configuration asks for; 0: as many as the stream has.</param>
    /// <param name="LeadsForCertain">Whether it can be no copy, and no leader that was replaced unnoticed.</param>
    private readonly record struct Known(
        ConsumerEntry Entry, AckRules Rules, DeliverySequence Said, bool HasCopies, int Wanted, bool LeadsForCertain)
    {
        /// <summary>The leader's mark, or what went through here since.</summary>
        public DeliverySequence Mark => new(Math.Max(Said.Stream, Entry.Mark.Stream), Math.Max(Said.Consumer, Entry.Mark.Consumer));

        public bool IsInDoubt => Entry.IsInDoubt(Rules.SteadySince);

        /// <summary>Whether no leader before can have made so many deliveries that this one does not know of.</summary>
        public bool IsFarBeyond(in DeliverySequence delivery) =>
            LeadsForCertain && Entry.IsSettled && delivery.Consumer > Mark.Consumer
                && delivery.Consumer - Mark.Consumer > Rules.MostUnknown;

        public bool IsBeyond(in DeliverySequence delivery) => delivery.Stream > Mark.Stream || delivery.Consumer > Mark.Consumer;
    }
}
