using Httpmq.Application.Validation;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>Deletes a consumer; its subscribers' streams end. Fails where it does not exist.</summary>
public sealed record DeleteConsumer(string Stream, string Consumer) : IRequest;

internal sealed class DeleteConsumerHandler(IConsumerStore consumers) : IRequestHandler<DeleteConsumer>
{
    public async Task<Unit> Handle(DeleteConsumer request, CancellationToken cancellationToken)
    {
        await consumers.DeleteAsync(Rules.Stream(request.Stream), Rules.Consumer(request.Consumer), cancellationToken);
        return Unit.Value;
    }
}
