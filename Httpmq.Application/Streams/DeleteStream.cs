using Httpmq.Application.Validation;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>Deletes a stream with its messages and consumers; fails where it does not exist.</summary>
public sealed record DeleteStream(string Stream) : IRequest;

internal sealed class DeleteStreamHandler(IStreamStore streams) : IRequestHandler<DeleteStream>
{
    public async Task<Unit> Handle(DeleteStream request, CancellationToken cancellationToken)
    {
        await streams.DeleteAsync(Rules.ChangeableStream(request.Stream), cancellationToken);
        return Unit.Value;
    }
}
