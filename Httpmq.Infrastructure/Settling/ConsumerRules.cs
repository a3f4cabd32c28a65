using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Settling;

/// <summary>Asks a consumer's leader how far it is and by which rules its deliveries are acknowledged, and keeps what it says.</summary>
internal sealed class ConsumerRules(RequestLink link, JetStreamApi api, ConsumerLedger ledger, TimeProvider time)
{
    // How far a new leader may be behind. Deliveries and acknowledgements reach the copies in the same order, and no more than
    // max_ack_pending deliveries are unacknowledged; the least is a second of many, for servers that do not wait for the copies.
    private const ulong LeastUnknown = 10_000;
    private const ulong UnknownPerPending = 4;

    /// <summary>Asks; one answer does for all that asked before.</summary>
    /// <param name="operation">What fails where this fails.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="name">The consumer.</param>
    /// <param name="since">An answer that was asked for after this timestamp does as well; null: it is asked now.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What is known, or why nothing of the consumer can be acknowledged.</returns>
    public async ValueTask<(Error? Refusal, KnownConsumer? Known)> LearnAsync(
        Operation operation, StreamName stream, ConsumerName name, long? since, CancellationToken cancellationToken)
    {
        var entry = ledger.Find(stream.Value, name.Value);
        if (entry?.Known is { } before && before.AskedAt > since && before.Generation == entry.Generation)
        {
            return (null, before);
        }

        var answer = entry is null
            ? await AskAsync(operation, stream, name, entry, cancellationToken)
            : await entry.AskAsync(() => AskAsync(operation, stream, name, entry, CancellationToken.None), cancellationToken);
        return answer switch
        {
            { Known: { } known } => (null, known),
            { OtherPolicy: { } policy } => (ConsumerErrors.OtherPolicy(operation, policy), null),
            { Failure: { } failure } => (failure.Operation is null ? failure : failure with { Operation = operation }, null),
            _ => (ConsumerErrors.NotFound(stream, name), null),
        };
    }

    private async Task<ConsumerAnswer> AskAsync(
        Operation operation, StreamName stream, ConsumerName name, ConsumerEntry? entry, CancellationToken cancellationToken)
    {
        try
        {
            var askedAt = time.GetTimestamp();
            var generation = entry?.Generation ?? 0;
            var before = entry?.Mark ?? default;
            var info = await api.FindConsumerAsync(operation, stream, name, cancellationToken);
            if (info is null)
            {
                return default;
            }

            if (info.Config!.Text("ack_policy") is not "explicit" and var policy)
            {
                return new ConsumerAnswer(OtherPolicy: policy ?? string.Empty);
            }

            if (entry is null)
            {
                entry = ledger.Get(stream.Value, name.Value);
                generation = entry.Generation;
            }

            return new ConsumerAnswer(await KeepAsync(operation, stream, entry, generation, before, info, askedAt, cancellationToken));
        }
        catch (HttpmqException exception)
        {
            return new ConsumerAnswer(Failure: exception.Error);
        }
    }

    private async Task<KnownConsumer> KeepAsync(
        Operation operation,
        StreamName stream,
        ConsumerEntry entry,
        long generation,
        DeliverySequence before,
        ConsumerInfoWire info,
        long askedAt,
        CancellationToken cancellationToken)
    {
        var copies = info.Cluster?.Replicas is { Count: > 0 };
        if (copies)
        {
            entry.IsOnlyCopy = false;
        }

        DateTimeOffset? created =
            ServerFacts.OfLeader(info.Config!.LeaderVersion, link.Server).HasStableConsumerCreated ? info.Created : null;
        entry.AnsweredBy(info.Cluster?.Leader);
        var rules = await RulesOfAsync(
            operation, stream, info, entry.Rules?.Retention, entry.SteadySince(info, created), cancellationToken);
        var mark = new DeliverySequence(info.Delivered?.StreamSeq ?? 0, info.Delivered?.ConsumerSeq ?? 0);
        generation = entry.Compare(generation, before, mark, created, info.Ts);
        return entry.Learn(new KnownConsumer(
            entry,
            rules,
            mark,
            copies,
            (int)(info.Config.Number("num_replicas") ?? 0),
            info.Cluster?.LeadsForCertain ?? true,
            generation,
            askedAt));
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

    private static SubjectFilter[] FiltersOf(ConsumerConfig config)
    {
        var filters = config.Filters()
            .Select(static text => SubjectFilter.TryParse(text, out var filter, out _) ? filter : default).ToArray();

        // One that cannot be read here may let anything through.
        return filters.Any(static filter => filter.Value is null) ? [] : filters;
    }
}
