using System.Text.Json;
using Httpmq.Application.Reading;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Reading;

/// <summary>
/// Asks the stream's leader, which every stream of every server answers, and which knows what was stored last. A direct get would be
/// answered by any copy, and only where the stream permits it.
/// </summary>
internal sealed class MessageReader(JetStreamApi api) : IMessageReader
{
    public Task<StoredMessage> GetAsync(StreamName stream, ulong sequence, CancellationToken cancellationToken) => api.GetMessageAsync(
        new Operation(OperationKind.ReadMessage, stream.Value, Sequence: sequence), stream, sequence, cancellationToken);

    public async Task<StoredMessage> GetLastAsync(StreamName stream, Subject subject, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ReadLastMessage, stream.Value, Subject: subject.Value);
        try
        {
            return await api.GetLastMessageAsync(operation, stream, subject, cancellationToken);
        }
        catch (HttpmqException exception) when (exception.Error.Type == JetStreamErrorTypes.MessageNotFoundType
            && SubjectFilter.TryParse(subject.Value, out var filter, out _))
        {
            // Before 2.11 that is said also where the last one was removed, and others are still there.
            var cursor = new StreamCursor(api, stream, [filter]);
            var end = (await cursor.ReadStateAsync(cancellationToken)).State?.LastSeq ?? 0;
            if (await cursor.FindLastAsync(end, cancellationToken) is not { } last)
            {
                throw;
            }

            return await api.GetMessageAsync(operation, stream, last, cancellationToken);
        }
    }

    public async Task<StreamName> FindStreamAsync(Subject subject, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ReadLastMessage, Subject: subject.Value);
        var answer = await api.CallAsync(
            operation,
            "STREAM.NAMES",
            JsonSerializer.SerializeToUtf8Bytes(new StreamNamesRequest(subject.Value), WireJson.Default.StreamNamesRequest),
            WireJson.Default.StreamNamesResponse,
            cancellationToken);
        return answer.Streams is { Count: > 0 } streams
            ? StreamName.OfExisting(streams[0])
            : throw new HttpmqException(PublishErrors.NoStream(operation));
    }
}
