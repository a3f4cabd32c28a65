using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Reading;

/// <summary>Reads the last message of a subject.</summary>
public sealed record ReadLastMessage(Caller Caller, Subject Subject) : IRequest<StoredMessage>;

internal sealed class ReadLastMessageHandler(IMessageReader reader) : IRequestHandler<ReadLastMessage, StoredMessage>
{
    public async Task<StoredMessage> Handle(ReadLastMessage request, CancellationToken cancellationToken)
    {
        HttpmqException.ThrowIf(request.Caller.CheckRead(request.Subject));
        var stream = await reader.FindStreamAsync(request.Subject, cancellationToken);
        return await reader.GetLastAsync(stream, request.Subject, cancellationToken);
    }
}
