using System.Text.Json;
using Httpmq.Application.Streams;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Streams;

internal sealed class StreamContents(JetStreamApi api) : IStreamContents
{
    public async Task<ulong> PurgeAsync(StreamName stream, PurgeScope scope, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.PurgeStream, stream.Value);
        if (scope.Seq == 1)
        {
            // Before the first one there is nothing. nats-server 2.9 removes everything (measured on 2.9.10).
            await api.CallAsync(operation, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamInfoWire, cancellationToken);
            return 0;
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(
            new PurgeRequest(scope.Filter, scope.Seq, scope.Keep is 0 ? null : scope.Keep), WireJson.Default.PurgeRequest);
        var answer = await api.TryCallAsync(
            operation, $"STREAM.PURGE.{stream}", body, WireJson.Default.PurgeResponse, cancellationToken);
        return answer.Error is null ? answer.Purged : throw Refused(operation, answer.Error);
    }

    public async Task DeleteMessageAsync(StreamName stream, ulong sequence, bool erase, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.DeleteMessage, stream.Value, Sequence: sequence);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new MessageDeleteRequest(sequence, NoErase: !erase), WireJson.Default.MessageDeleteRequest);
        var answer = await api.TryCallAsync(
            operation, $"STREAM.MSG.DELETE.{stream}", body, WireJson.Default.ApiResponse, cancellationToken);
        if (answer.Error is not null)
        {
            throw Refused(operation, answer.Error);
        }
    }

    public Task<StoredMessage> GetMessageAsync(StreamName stream, ulong sequence, CancellationToken cancellationToken) =>
        api.GetMessageAsync(
            new Operation(OperationKind.ReadMessage, stream.Value, Sequence: sequence), stream, sequence, cancellationToken);

    public async Task<SubjectPage> ListSubjectsAsync(
        StreamName stream, SubjectFilter? filter, Page page, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ListSubjects, stream.Value);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new SubjectsRequest(filter?.Value ?? ">", page.Offset), WireJson.Default.SubjectsRequest);
        var answer = await api.CallAsync(
            operation, $"STREAM.INFO.{stream}", body, WireJson.Default.SubjectsResponse, cancellationToken);
        var subjects = (answer.State?.Subjects ?? new Dictionary<string, ulong>(StringComparer.Ordinal))
            .OrderBy(static subject => subject.Key, StringComparer.Ordinal).ToArray();
        return new SubjectPage([.. page.Limit is { } limit ? subjects.Take(limit) : subjects], Math.Max(answer.Total, subjects.Length));
    }

    private static HttpmqException Refused(Operation operation, ApiError error) =>
        new(JetStreamErrors.ToError(operation, error).Unprocessable());
}
