using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>Deletes a stream with its messages and consumers; fails where it does not exist.</summary>
public sealed record DeleteStream(Caller Caller, string Stream) : IRequest;

internal sealed class DeleteStreamHandler(IStreamStore streams) : IRequestHandler<DeleteStream>
{
    public async Task<Unit> Handle(DeleteStream request, CancellationToken cancellationToken)
    {
        var stream = Rules.ChangeableStream(request.Stream);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        await streams.DeleteAsync(stream, cancellationToken);
        return Unit.Value;
    }
}
