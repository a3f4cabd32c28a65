using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Settling;

/// <summary>Acknowledges deliveries of one consumer; each has its own outcome.</summary>
public sealed record AcknowledgeBatch(
    Caller Caller, string Stream, string Consumer, IReadOnlyList<AckPair> Pairs) : IRequest<IReadOnlyList<AckOutcome>>
{
    /// <summary>The most pairs of one request.</summary>
    public const int MaxPairs = 10_000;

    /// <summary>The refusal of an array of the wrong length; it is not read any further than it takes to know.</summary>
    /// <param name="count">How many were read.</param>
    /// <param name="orMore">Whether the rest was not read.</param>
    public static HttpmqException WrongCount(int count, bool orMore = false) => new(AckErrors.Count(count, orMore, MaxPairs));
}

/// <summary>What became of one delivery of an array.</summary>
/// <param name="Delivery">Its sequences, 0 where one could not be read.</param>
/// <param name="Error">Null where JetStream confirmed it.</param>
public readonly record struct AckOutcome(DeliverySequence Delivery, Error? Error);

internal sealed class AcknowledgeBatchHandler(IMessageAcknowledger acknowledger, SettleRoom room, TimeProvider time)
    : IRequestHandler<AcknowledgeBatch, IReadOnlyList<AckOutcome>>
{
    public async Task<IReadOnlyList<AckOutcome>> Handle(AcknowledgeBatch request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var consumer = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(request.Caller.CheckConsume(stream, consumer));
        if (request.Pairs.Count is 0 or > AcknowledgeBatch.MaxPairs)
        {
            throw AcknowledgeBatch.WrongCount(request.Pairs.Count);
        }

        // Where nothing can be read at all, the request is no batch.
        if (request.Pairs.All(static pair => pair.Invalid is not null))
        {
            throw new HttpmqException(AckErrors.Malformed(request.Pairs[0].Invalid!));
        }

        var entries = request.Pairs.Select(static pair => new SettleEntry(pair, new Settlement(SettleVerb.Ack))).ToArray();
        return await SettleRun.RunAsync(acknowledger, room, stream, consumer, entries, time, cancellationToken);
    }
}
