using Httpmq.Domain.Consumers;
using Httpmq.Application.Consumers;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
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
    private static readonly byte[] Ack = "+ACK"u8.ToArray();
    private readonly AckGuard _guard = new(link, api, ledger, time);

    public ValueTask<Error?> AcknowledgeAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        AckTimeLimit? timeLimit,
        CancellationToken cancellationToken)
    {
        // The hot path: known, and sent at once.
        var entry = ledger.Find(stream.Value, consumer.Value);
        var verdict = entry?.Judge(delivery) ?? AckVerdict.Ask;
        return verdict is AckVerdict.Pass
            ? SendAsync(stream, consumer, delivery, entry!, cancellationToken)
            : AskAndSendAsync(stream, consumer, delivery, entry, verdict, timeLimit, cancellationToken);
    }

    public ValueTask<Error?> PrepareAsync(StreamName stream, ConsumerName consumer, CancellationToken cancellationToken) =>
        _guard.PrepareAsync(stream, consumer, cancellationToken);

    private async ValueTask<Error?> AskAndSendAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        ConsumerEntry? entry,
        AckVerdict verdict,
        AckTimeLimit? timeLimit,
        CancellationToken cancellationToken)
    {
        // What is remembered alone refuses nothing: the consumer may have been set back since, of which nobody is told.
        var isRemembered = verdict is AckVerdict.AnotherMessage;
        if (verdict is AckVerdict.Ask || (isRemembered && !entry!.IsConfirmed))
        {
            (var refusal, verdict, entry) = await _guard.AskAsync(stream, consumer, delivery, timeLimit, cancellationToken);
            if (refusal is not null)
            {
                return refusal;
            }

            if (isRemembered && verdict is AckVerdict.AnotherMessage)
            {
                entry!.Confirm();
            }
        }

        return verdict switch
        {
            AckVerdict.AnotherMessage => AckErrors.Other(IMessageAcknowledger.Operation(stream, consumer, delivery), delivery),
            AckVerdict.LookAtSubject => await LookAndSendAsync(stream, consumer, delivery, entry!, cancellationToken),
            _ => await SendAsync(stream, consumer, delivery, entry!, cancellationToken),
        };
    }

    private async ValueTask<Error?> SendAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        ConsumerEntry entry,
        CancellationToken cancellationToken)
    {
        var reply = await requests.SendAsync(AckSubject.Build(stream.Value, consumer.Value, delivery), Ack);
        if (reply is { Kind: ReplyKind.Answered, Error: null, Stream: null })
        {
            return null;
        }

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
    private async ValueTask<Error?> LookAndSendAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        ConsumerEntry entry,
        CancellationToken cancellationToken)
    {
        var harmless = entry.Rules?.ForeignIsHarmless is true;
        var looking = LookAsync(stream, consumer, delivery, entry, cancellationToken);
        if (!harmless && await looking is { } refusal)
        {
            return refusal;
        }

        var error = await SendAsync(stream, consumer, delivery, entry, cancellationToken);
        if (error is not null)
        {
            return error;
        }

        // What JetStream confirmed is confirmed, whether the message could be looked at or not.
        return await looking is { Kind: ErrorKind.NotFound } wrong ? wrong : null;
    }

    private async Task<Error?> LookAsync(
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
}
