using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Settling;

/// <summary>
/// Settles deliveries of one consumer, each with its own verb and its own outcome; the outcomes are in the order of the entries. At most
/// <see cref="AcknowledgeBatch.MaxPairs"/> of them.
/// </summary>
public sealed record SettleDeliveries(Caller Caller, string Stream, string Consumer, IReadOnlyList<SettleEntry> Entries)
    : IRequest<IReadOnlyList<AckOutcome>>;

internal sealed class SettleDeliveriesHandler(IMessageAcknowledger acknowledger, SettleRoom room, TimeProvider time)
    : IRequestHandler<SettleDeliveries, IReadOnlyList<AckOutcome>>
{
    public async Task<IReadOnlyList<AckOutcome>> Handle(SettleDeliveries request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var consumer = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(request.Caller.CheckEnd(time) ?? request.Caller.CheckConsume(stream, consumer));
        if (request.Entries.Count is 0 or > AcknowledgeBatch.MaxPairs)
        {
            throw new HttpmqException(AckErrors.Entries(request.Entries.Count, orMore: false, AcknowledgeBatch.MaxPairs));
        }

        // Where nothing can be read at all, the request is no settlement.
        if (request.Entries.All(static entry => entry.Pair.Invalid is not null))
        {
            throw new HttpmqException(AckErrors.Malformed(request.Entries[0].Pair.Invalid!));
        }

        var outcomes = await SettleRun.RunAsync(
            acknowledger, room, stream, consumer, request.Entries, time, cancellationToken);
        return outcomes
            .Select((outcome, index) => outcome with { Error = InItsWords(outcome.Error, request.Entries[index].Settlement.Verb) })
            .ToArray();
    }

    /// <summary>What is common to all verbs speaks of acknowledging.</summary>
    private static Error? InItsWords(Error? error, SettleVerb verb) =>
        verb is not SettleVerb.Ack && error?.Operation is { Kind: OperationKind.Acknowledge or OperationKind.AcknowledgeMany } operation
            ? error with { Operation = operation with { Kind = OperationKind.Settle } }
            : error;
}
