using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Settling;

/// <summary>Acknowledges one delivery of a consumer; the answer is null when JetStream confirmed it.</summary>
public sealed record AcknowledgeMessage(Caller Caller, string Stream, string Consumer, AckPair Pair) : IRequest<Error?>;

/// <summary>What <see cref="AcknowledgeMessage"/> does, for the hot path: no request object, and no task where the port has none.</summary>
public sealed class SingleAck(IMessageAcknowledger acknowledger)
{
    /// <summary>Acknowledges one delivery; null when JetStream confirmed it.</summary>
    /// <param name="caller">Who acknowledges.</param>
    /// <param name="stream">The stream's name as it was given.</param>
    /// <param name="consumer">The consumer's name as it was given.</param>
    /// <param name="pair">The delivery.</param>
    /// <param name="cancellationToken">Gives up waiting; what was sent cannot be called back.</param>
    public ValueTask<Error?> AcknowledgeAsync(
        Caller caller, string stream, string consumer, AckPair pair, CancellationToken cancellationToken)
    {
        var streamName = Rules.Stream(stream);
        var consumerName = Rules.Consumer(consumer);
        HttpmqException.ThrowIf(caller.CheckConsume(streamName, consumerName));
        return pair.TryRead(streamName, consumerName, out var delivery) is { } error
            ? throw new HttpmqException(error)
            : acknowledger.SettleAsync(
                streamName, consumerName, delivery, new Settlement(SettleVerb.Ack), timeLimit: null, cancellationToken);
    }
}

internal sealed class AcknowledgeMessageHandler(SingleAck single) : IRequestHandler<AcknowledgeMessage, Error?>
{
    public Task<Error?> Handle(AcknowledgeMessage request, CancellationToken cancellationToken) =>
        single.AcknowledgeAsync(request.Caller, request.Stream, request.Consumer, request.Pair, cancellationToken).AsTask();
}
