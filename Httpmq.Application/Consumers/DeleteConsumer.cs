using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>Deletes a consumer; its subscribers' streams end. Fails where it does not exist.</summary>
public sealed record DeleteConsumer(Caller Caller, string Stream, string Consumer) : IRequest;

internal sealed class DeleteConsumerHandler(IConsumerStore consumers) : IRequestHandler<DeleteConsumer>
{
    public async Task<Unit> Handle(DeleteConsumer request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var consumer = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        await consumers.DeleteAsync(stream, consumer, cancellationToken);
        return Unit.Value;
    }
}
