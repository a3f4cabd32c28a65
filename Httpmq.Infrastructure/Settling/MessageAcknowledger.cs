using System.Collections.Concurrent;
using Httpmq.Application.Consumers;
using Httpmq.Application.Settling;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.Infrastructure.Settling;

/// <summary>
/// Rebuilds the acknowledgement from the two sequences and waits for JetStream's confirmation. Because the server trusts the
/// stream sequence blindly, it is checked here first: docs/adr/0001-stateless-confirmed-acknowledgements.md.
/// </summary>
internal sealed class MessageAcknowledger(
    RequestLink link,
    RequestPipeline requests,
    JetStreamApi api,
    ConsumerLedger ledger,
    TimeProvider time) : IMessageAcknowledger
{
    // What others changed in the consumer since may decide when a nak without a delay is redelivered, and no advisory tells of it.
    private static readonly TimeSpan FreshRules = TimeSpan.FromSeconds(5);

    private readonly RequestPipeline _requests = requests;
    private readonly ConcurrentQueue<PendingSettlement> _free = new();
    private readonly AckGuard _guard = new(link, api, ledger, time);

    public ValueTask<Error?> SettleAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        Settlement settlement,
        AckTimeLimit? timeLimit,
        CancellationToken cancellationToken)
    {
        // The hot path: known, and sent at once.
        var entry = ledger.Find(stream.Value, consumer.Value);
        var rules = entry?.Rules;
        var verdict = rules is null || IsOutdated(rules, settlement) ? AckVerdict.Ask : entry!.Judge(delivery);
        return verdict is AckVerdict.Pass
            ? SendAsync(stream, consumer, delivery, settlement, new Known(entry!, rules!), cancellationToken)
            : AskAndSendAsync(stream, consumer, delivery, settlement, entry, verdict, timeLimit, cancellationToken);
    }

    public ValueTask<Error?> PrepareAsync(StreamName stream, ConsumerName consumer, CancellationToken cancellationToken) =>
        _guard.PrepareAsync(stream, consumer, cancellationToken);

    private async ValueTask<Error?> AskAndSendAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        Settlement settlement,
        ConsumerEntry? entry,
        AckVerdict verdict,
        AckTimeLimit? timeLimit,
        CancellationToken cancellationToken)
    {
        var rules = entry?.Rules;

        // What is remembered alone refuses nothing: the consumer may have been set back since, of which nobody is told.
        var isRemembered = verdict is AckVerdict.AnotherMessage;
        if (verdict is AckVerdict.Ask || rules is null || (isRemembered && !entry!.IsConfirmed))
        {
            (var refusal, verdict, entry, rules) = await _guard.AskAsync(stream, consumer, delivery, timeLimit, cancellationToken);
            if (refusal is not null)
            {
                return refusal;
            }

            if (isRemembered && verdict is AckVerdict.AnotherMessage)
            {
                entry!.Confirm();
            }
        }

        if (verdict is AckVerdict.AnotherMessage)
        {
            return AckErrors.Other(IMessageAcknowledger.Operation(stream, consumer, delivery), delivery);
        }

        var known = new Known(entry!, rules!);
        var sending = verdict is AckVerdict.CheckSubject
            ? CheckAndSendAsync(stream, consumer, delivery, settlement, known, cancellationToken)
            : SendAsync(stream, consumer, delivery, settlement, known, cancellationToken);

        // Asking has taken of the time that a request of one delivery has; those of more see to it themselves.
        return timeLimit is null ? await sending.AsTask().WaitAsync(cancellationToken) : await sending;
    }

    private ValueTask<Error?> SendAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        Settlement settlement,
        Known known,
        CancellationToken cancellationToken) =>
        settlement.Reason is { Length: > 0 }
            ? SendReasonAsync(stream, consumer, delivery, settlement, known, cancellationToken)
            : SendOnceAsync(stream, consumer, delivery, settlement, known, cancellationToken);

    private async ValueTask<Error?> SendReasonAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        Settlement settlement,
        Known known,
        CancellationToken cancellationToken)
    {
        if (known.Rules.TermReason is TermReason.Ignored)
        {
            var operation = IMessageAcknowledger.Operation(stream, consumer, delivery);
            return ConnectionErrors.TooOld(operation, "reason", $"{Feature.TermReason.Since}", link.Server.Name);
        }

        var error = await SendOnceAsync(stream, consumer, delivery, settlement, known, cancellationToken);

        // Without the reason it is terminated for certain, and once more otherwise.
        return error is null && known.Rules.TermReason is TermReason.Unsure
            ? await SendOnceAsync(stream, consumer, delivery, settlement with { Reason = null }, known, cancellationToken)
            : error;
    }

    private ValueTask<Error?> SendOnceAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        Settlement settlement,
        Known known,
        CancellationToken cancellationToken)
    {
        if (!_free.TryDequeue(out var pending))
        {
            pending = new PendingSettlement(this);
        }

        return pending.SendAsync(
            new Sent(stream, consumer, delivery, known.Entry, cancellationToken), SettlePayload.Of(settlement, known.Rules.NakDelay));
    }

    private async Task<Error?> ExplainAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        ConsumerEntry entry,
        Reply reply,
        CancellationToken cancellationToken)
    {
        var operation = IMessageAcknowledger.Operation(stream, consumer, delivery);
        if (reply.Kind is ReplyKind.NoResponders)
        {
            entry.Reset();
            return await ExplainNoConsumerAsync(stream, consumer, operation, cancellationToken);
        }

        if (reply.Kind is ReplyKind.TimedOut)
        {
            // Servers leave unanswered what they never delivered: the mark may be from before the consumer was set back, of which nobody is
            // told.
            entry.Reset();
        }

        return AckRefusals.Of(operation, reply, link);
    }

    /// <summary>
    /// Looks whether the consumer's filter lets the message through: before it is acknowledged where that could harm, else meanwhile.
    /// </summary>
    private async ValueTask<Error?> CheckAndSendAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        Settlement settlement,
        Known known,
        CancellationToken cancellationToken)
    {
        var checking = CheckAsync(stream, consumer, delivery, known.Entry, cancellationToken);
        if (!known.Rules.ForeignIsHarmless && await checking is { } refusal)
        {
            return refusal;
        }

        var error = await SendAsync(stream, consumer, delivery, settlement, known, cancellationToken);
        if (error is not null)
        {
            return error;
        }

        // What JetStream confirmed is confirmed, whether the message could be looked at or not.
        return await checking is { Kind: ErrorKind.NotFound } wrong ? wrong : null;
    }

    private async Task<Error?> CheckAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        ConsumerEntry entry,
        CancellationToken cancellationToken)
    {
        try
        {
            return await _guard.WasForConsumerAsync(stream, consumer, delivery, entry, cancellationToken)
                ? null
                : AckErrors.NeverSent(IMessageAcknowledger.Operation(stream, consumer, delivery));
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
    }

    private async Task<Error> ExplainNoConsumerAsync(
        StreamName stream, ConsumerName consumer, Operation operation, CancellationToken cancellationToken)
    {
        try
        {
            return await api.FindConsumerAsync(operation, stream, consumer, cancellationToken) is null
                ? ConsumerErrors.NotFound(stream, consumer)
                : ConsumerErrors.NoLeader(operation);
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
    }

    private bool IsOutdated(AckRules rules, in Settlement settlement) =>
        settlement is { Verb: SettleVerb.Nak, Delay: null } && time.GetElapsedTime(rules.LearnedAt) > FreshRules;

    /// <summary>A consumer as it was a moment ago; what is remembered of it may be dropped meanwhile.</summary>
    private readonly record struct Known(ConsumerEntry Entry, AckRules Rules);

    /// <summary>What was settled.</summary>
    private readonly record struct Sent(
        StreamName Stream, ConsumerName Consumer, DeliverySequence Delivery, ConsumerEntry Entry, CancellationToken CancellationToken);

    /// <summary>One settlement under way.</summary>
    private sealed class PendingSettlement(MessageAcknowledger acknowledger) : PendingOutcome<Error?>
    {
        private Sent _sent;

        public ValueTask<Error?> SendAsync(Sent sent, ReadOnlyMemory<byte> payload)
        {
            _sent = sent;
            return WaitAsync(acknowledger._requests.SendAsync(
                AckSubject.Build(sent.Stream.Value, sent.Consumer.Value, sent.Delivery), payload));
        }

        protected override bool TryRead(in Reply reply, out Error? outcome)
        {
            outcome = null;
            return reply is { Kind: ReplyKind.Answered, Error: null, Stream: null };
        }

        protected override Task<Error?> ExplainAsync(Reply reply) => acknowledger.ExplainAsync(
            _sent.Stream, _sent.Consumer, _sent.Delivery, _sent.Entry, reply, _sent.CancellationToken);

        protected override void Free()
        {
            _sent = default;
            acknowledger._free.Enqueue(this);
        }
    }
}
