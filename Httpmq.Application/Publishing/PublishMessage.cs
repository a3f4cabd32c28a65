using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Publishing;

/// <summary>
/// Publishes one message. Before its body was read, the subject was parsed and the caller asked
/// (<see cref="Domain.Access.Caller.CheckPublish"/>); the payload is the sender's buffer.
/// </summary>
public sealed record PublishMessage(Publication Publication) : IRequest<PublishOutcome>;

internal sealed class PublishMessageHandler(IMessagePublisher publisher) : IRequestHandler<PublishMessage, PublishOutcome>
{
    public Task<PublishOutcome> Handle(PublishMessage request, CancellationToken cancellationToken)
    {
        // As a rule it is on its way at once, and the outcome's task is the only one of this request.
        var starting = publisher.StartAsync(request.Publication);
        if (starting.IsCompletedSuccessfully)
        {
            return starting.Result.GetOutcomeAsync(cancellationToken).AsTask();
        }

        return AwaitBothAsync(starting, cancellationToken);
    }

    private static async Task<PublishOutcome> AwaitBothAsync(ValueTask<IPendingPublish> starting, CancellationToken cancellationToken) =>
        await (await starting).GetOutcomeAsync(cancellationToken);
}
