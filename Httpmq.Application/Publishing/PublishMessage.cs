using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Publishing;

/// <summary>
/// Publishes one message. Before its body was read, the subject was parsed and the caller asked
/// (<see cref="Domain.Access.Caller.CheckPublish"/>); the payload is the sender's buffer.
/// </summary>
public sealed record PublishMessage(Publication Publication) : IRequest<PublishOutcome>;

/// <summary>What <see cref="PublishMessage"/> does, for the hot path: no request object, and no task where the port has none.</summary>
public sealed class SinglePublish(IMessagePublisher publisher)
{
    /// <summary>Hands one message to the broker; its bytes may be reused once the call returned.</summary>
    /// <param name="publication">The message.</param>
    public ValueTask<IPendingPublish> StartAsync(Publication publication) => publisher.StartAsync(publication);

    /// <summary>Publishes one message.</summary>
    /// <param name="publication">The message; its bytes are the caller's until it returns.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<PublishOutcome> PublishAsync(Publication publication, CancellationToken cancellationToken)
    {
        // As a rule it is on its way at once.
        var starting = publisher.StartAsync(publication);
#pragma warning disable VSTHRD103 // It is there.
        return starting.IsCompletedSuccessfully
            ? starting.Result.GetOutcomeAsync(cancellationToken)
            : AwaitBothAsync(starting, cancellationToken);
#pragma warning restore VSTHRD103
    }

    private static async ValueTask<PublishOutcome> AwaitBothAsync(
        ValueTask<IPendingPublish> starting, CancellationToken cancellationToken) =>
        await (await starting).GetOutcomeAsync(cancellationToken);
}

internal sealed class PublishMessageHandler(SinglePublish single) : IRequestHandler<PublishMessage, PublishOutcome>
{
    public Task<PublishOutcome> Handle(PublishMessage request, CancellationToken cancellationToken) =>
        single.PublishAsync(request.Publication, cancellationToken).AsTask();
}
