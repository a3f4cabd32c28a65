using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Publishing;

/// <summary>Publishes one message. The subject was parsed before the body was read; the payload is the caller's buffer.</summary>
public sealed record PublishMessage(Subject Subject, ReadOnlyMemory<byte> Payload) : IRequest<PublishOutcome>;

internal sealed class PublishMessageHandler(IMessagePublisher publisher) : IRequestHandler<PublishMessage, PublishOutcome>
{
    public async Task<PublishOutcome> Handle(PublishMessage request, CancellationToken cancellationToken)
    {
        var pending = await publisher.StartAsync(request.Subject, request.Payload);
        return await pending.GetOutcomeAsync(cancellationToken);
    }
}
