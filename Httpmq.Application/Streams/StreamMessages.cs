using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>One message of a stream; fails where it is not there.</summary>
public sealed record GetStreamMessage(Caller Caller, string Stream, string Sequence) : IRequest<StoredMessage>;

/// <summary>Removes one message of a stream, and overwrites it on disk where that is asked for; fails where it is not there.</summary>
public sealed record DeleteStreamMessage(Caller Caller, string Stream, string Sequence, bool Erase) : IRequest;

internal sealed class StreamMessagesHandler(IStreamContents contents)
    : IRequestHandler<GetStreamMessage, StoredMessage>, IRequestHandler<DeleteStreamMessage>
{
    public Task<StoredMessage> Handle(GetStreamMessage request, CancellationToken cancellationToken)
    {
        var stream = Rules.ChangeableStream(request.Stream);
        var sequence = Rules.Sequence(request.Sequence);
        return Rights.ReadAsync(
            request.Caller, stream, sequence, () => contents.GetMessageAsync(stream, sequence, cancellationToken));
    }

    public async Task<Unit> Handle(DeleteStreamMessage request, CancellationToken cancellationToken)
    {
        var stream = Rules.ChangeableStream(request.Stream);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        await contents.DeleteMessageAsync(stream, Rules.Sequence(request.Sequence), request.Erase, cancellationToken);
        return Unit.Value;
    }
}
