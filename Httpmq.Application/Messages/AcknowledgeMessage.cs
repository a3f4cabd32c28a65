using Httpmq.Application.Validation;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Messages;

/// <summary>Acknowledges one delivery of a consumer; the answer is null when JetStream confirmed it.</summary>
public sealed record AcknowledgeMessage(string Stream, string Consumer, ulong? StreamSequence, ulong? ConsumerSequence) : IRequest<Error?>;

internal sealed class AcknowledgeMessageHandler(IMessageAcknowledger acknowledger) : IRequestHandler<AcknowledgeMessage, Error?>
{
    public Task<Error?> Handle(AcknowledgeMessage request, CancellationToken cancellationToken)
    {
        var delivery = new DeliverySequence(
            AtLeastOne("stream", request.StreamSequence),
            AtLeastOne("consumer", request.ConsumerSequence));
        return acknowledger
            .AcknowledgeAsync(Rules.Stream(request.Stream), Rules.Consumer(request.Consumer), delivery, cancellationToken)
            .AsTask();
    }

    private static ulong AtLeastOne(string field, ulong? value) => value is > 0
        ? value.Value
        : throw HttpmqException.Invalid("Invalid acknowledgement", value is null ? $"{field} is required: a sequence of at least 1" : $"{field}: 0 is less than 1");
}
