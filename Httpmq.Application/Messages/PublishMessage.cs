using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Messages;

/// <summary>Publishes one message. The subject was parsed before the body was read; the payload is the caller's buffer.</summary>
public sealed record PublishMessage(Subject Subject, ReadOnlyMemory<byte> Payload) : IRequest<PublishOutcome>;

internal sealed class PublishMessageHandler(IMessagePublisher publisher) : IRequestHandler<PublishMessage, PublishOutcome>
{
    public Task<PublishOutcome> Handle(PublishMessage request, CancellationToken cancellationToken) =>
        publisher.PublishAsync(request.Subject, request.Payload, cancellationToken).AsTask();
}
