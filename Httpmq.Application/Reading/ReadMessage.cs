using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Reading;

/// <summary>Reads one message of a stream.</summary>
public sealed record ReadMessage(Caller Caller, string Stream, ulong Sequence) : IRequest<StoredMessage>;

internal sealed class ReadMessageHandler(IMessageReader reader) : IRequestHandler<ReadMessage, StoredMessage>
{
    public Task<StoredMessage> Handle(ReadMessage request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        return Rights.ReadAsync(
            request.Caller, stream, request.Sequence, () => reader.GetAsync(stream, request.Sequence, cancellationToken));
    }
}
