using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Settling;

/// <summary>Acknowledges one delivery of a consumer; the answer is null when JetStream confirmed it.</summary>
public sealed record AcknowledgeMessage(Caller Caller, string Stream, string Consumer, AckPair Pair) : IRequest<Error?>;

internal sealed class AcknowledgeMessageHandler(IMessageAcknowledger acknowledger) : IRequestHandler<AcknowledgeMessage, Error?>
{
    public Task<Error?> Handle(AcknowledgeMessage request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var consumer = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(request.Caller.CheckConsume(stream, consumer));
        return request.Pair.TryRead(stream, consumer, out var delivery) is { } error
            ? throw new HttpmqException(error)
            : acknowledger.SettleAsync(
                stream, consumer, delivery, new Settlement(SettleVerb.Ack), timeLimit: null, cancellationToken).AsTask();
    }
}
