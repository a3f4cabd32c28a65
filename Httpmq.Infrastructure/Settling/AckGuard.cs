using System.Text.Json;
using Httpmq.Application.Consumers;
using Httpmq.Application.Settling;
using Httpmq.Domain.Consumers;
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

    private readonly ConsumerRules _rules = new(link, api, ledger, time);

    /// <summary>Asks about one delivery.</summary>
    /// <returns>
    /// A refusal; or how to go on, <see cref="AckVerdict.Pass"/> or <see cref="AckVerdict.CheckSubject"/>, and by which rules.
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
            var (refusal, known) = await _rules.LearnAsync(operation, stream, name, timeLimit?.Began, cancellationToken);
            if (known is null)
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
                if (known is null)
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
            return (await _rules.LearnAsync(operation, stream, name, since: null, cancellationToken)).Refusal;
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
        var (refusal, known) = await _rules.LearnAsync(operation, stream, name, since: null, cancellationToken);
        return known is not null ? Covers(known.Rules, subject) : throw new HttpmqException(refusal!);
    }

    /// <summary>
    /// Whether a consumer has copies although it names none: that of a server that is stopping (2.10.27, 2.15.1, under load). Then it may
    /// also say that it delivered nothing.
    /// </summary>
    private async Task<bool> HasCopiesAsync(
        Operation operation, StreamName stream, KnownConsumer known, CancellationToken cancellationToken)
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

    /// <summary>
    /// Asks again until the leader knows of the delivery. Copies of a consumer learn of deliveries a little later than subscribers: a
    /// leader that takes over knows the last ones only once it has sent them again, which it does at once.
    /// </summary>
    private async Task<(Error? Refusal, KnownConsumer? Known)> WaitForLeaderAsync(
        Operation operation,
        StreamName stream,
        ConsumerName name,
        DeliverySequence delivery,
        KnownConsumer? known,
        AckTimeLimit timeLimit,
        CancellationToken cancellationToken)
    {
        Error? refusal = null;
        while (known is not null && known.IsBeyond(delivery) && !known.IsFarBeyond(delivery) && timeLimit.Start() is { } left
            && left > TimeSpan.Zero)
        {
            await Task.Delay(left < LeaderPoll ? left : LeaderPoll, time, cancellationToken);
            (refusal, known) = await _rules.LearnAsync(operation, stream, name, since: null, cancellationToken);
            if (refusal?.Kind is ErrorKind.Timeout)
            {
                // It answered, and now it is silent: another leader may know more.
                refusal = AckErrors.Unknown(operation);
            }
        }

        return (refusal, known);
    }

    private static bool Covers(AckRules rules, string subject) =>
        rules.Filters.Count == 0 || rules.Filters.Any(filter => filter.Covers(subject));
}
