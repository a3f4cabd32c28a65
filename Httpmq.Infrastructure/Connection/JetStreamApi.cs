using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// Calls JetStream's JSON API. Answers, or throws <see cref="HttpmqException"/>, within the request timeout.
/// </summary>
internal sealed class JetStreamApi(RequestLink link, NatsOptions options, TimeProvider time)
{
    private const string AnswerPrefix = "io.nats.jetstream.api.";

    // How often JetStream is asked within the request timeout for what it only reads.
    private const int Attempts = 4;

    // Without it the client library hands out "nobody listens" as an empty answer.
    private static readonly NatsSubOpts ReplyOptions = new() { ThrowIfNoResponders = true };

    private readonly MessageReads _messages = new(time);

    /// <summary>The connected server.</summary>
    public ServerFacts Server => link.Server;

    /// <summary>
    /// Refuses what the server lacks: one that does not know it ignores it, refuses it or does not answer. In a cluster of mixed versions
    /// the server that answers is asked, too. Throws <see cref="ErrorKind.NotSupported"/>, or <see cref="ErrorKind.Unavailable"/> without a
    /// connection.
    /// </summary>
    /// <param name="operation">What fails where this fails.</param>
    /// <param name="needed">What was named in the request, as the client writes it, and the feature that it needs.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task RequireAsync(
        Operation operation, IReadOnlyCollection<(string Name, Feature Feature)> needed, CancellationToken cancellationToken)
    {
        if (needed.Count == 0)
        {
            return;
        }

        link.RequireOpen();
        var server = link.Server;
        if (needed.FirstOrDefault(need => !server.Has(need.Feature)) is { Feature: { } feature } lacking)
        {
            throw new HttpmqException(ConnectionErrors.TooOld(operation, lacking.Name, $"{feature.Since}", server.Name));
        }

        if (server.IsClustered)
        {
            var info = await CallAsync(operation, "INFO", [], WireJson.Default.AccountInfoWire, cancellationToken);
            var level = info.Api?.Level ?? 0;
            if (needed.FirstOrDefault(need => !server.Has(need.Feature, level)) is { Feature: { } other } missing)
            {
                throw new HttpmqException(ConnectionErrors.PeerTooOld(operation, missing.Name, $"{other.Since}", peer: null));
            }
        }
    }

    /// <summary>Calls the API; an error in the answer is thrown.</summary>
    /// <param name="operation">What fails where this fails.</param>
    /// <param name="call">What to call, such as <c>STREAM.INFO.orders</c>; <see cref="NatsOptions.ApiPrefix"/> goes before it.</param>
    /// <param name="body">The request's JSON, or empty.</param>
    /// <param name="answerType">How to read the answer.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<TAnswer> CallAsync<TAnswer>(
        Operation operation,
        string call,
        byte[] body,
        JsonTypeInfo<TAnswer> answerType,
        CancellationToken cancellationToken)
        where TAnswer : ApiResponse
    {
        var answer = await TryCallAsync(operation, call, body, answerType, cancellationToken);
        return answer.Error is null ? answer : throw new HttpmqException(JetStreamErrors.ToError(operation, answer.Error));
    }

    /// <summary>As <see cref="CallAsync"/>, for callers to whom JetStream's error is an answer.</summary>
    public async Task<TAnswer> TryCallAsync<TAnswer>(
        Operation operation,
        string call,
        byte[] body,
        JsonTypeInfo<TAnswer> answerType,
        CancellationToken cancellationToken)
        where TAnswer : ApiResponse
    {
        link.RequireOpen();
        var connection = link.Connection;
        var server = link.Server;
        if (body.Length > server.MaxPayload)
        {
            throw new HttpmqException(ConnectionErrors.TooLarge(operation, body.Length, server.MaxPayload));
        }

        var subject = options.ApiSubject(call);
        using var limit = new RequestLimit(link, subject, options.RequestTimeout, cancellationToken);
        try
        {
            var reply = await (call switch
            {
                _ when GetsMessage(call) => _messages.AskAsync(
                    connection, server.MaxPayload, () => AskApartAsync(connection, subject, body), limit.Token),
                _ when OnlyReads(call) => AskUntilAnsweredAsync(connection, subject, body, limit.Token),
                _ => AskAsync(connection, subject, body, limit.Token),
            });
            var answer = JsonSerializer.Deserialize(reply.Data ?? [], answerType);

            // A stream that somebody bound to the API's subjects answers as well, with where it stored the request.
            return answer?.Type?.StartsWith(AnswerPrefix, StringComparison.Ordinal) is true
                ? answer
                : throw new HttpmqException(ConnectionErrors.Foreign(operation));
        }
        catch (NatsNoRespondersException exception)
        {
            throw new HttpmqException(link.Explain(NobodyListens(operation, server)), exception);
        }
        catch (JsonException exception)
        {
            throw new HttpmqException(ConnectionErrors.Unreadable(operation, exception.Message), exception);
        }
        catch (OperationCanceledException exception) when (limit.IsRefused)
        {
            throw new HttpmqException(ConnectionErrors.Forbidden(operation, subject), exception);
        }
        catch (Exception exception) when (exception is NatsException or ObjectDisposedException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Disposed: another connection took the place of this one.
            var effect = OnlyReads(call) ? Effect.None : Effect.Unknown;
            var error = link.IsOpen && ReferenceEquals(connection, link.Connection)
                ? ConnectionErrors.TimedOut(operation, options.RequestTimeout, effect)
                : ConnectionErrors.Lost(operation, effect);
            throw new HttpmqException(link.Explain(error), exception);
        }
    }

    /// <summary>Takes back what was just written, whether or not the caller still waits.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="call">The call that takes it back.</param>
    /// <param name="body">Its JSON, or empty.</param>
    /// <param name="answerType">How to read the answer.</param>
    /// <returns>The reason, and where it could not be taken back why not.</returns>
    public async Task<Error> UndoAsync<TAnswer>(Error reason, string call, byte[] body, JsonTypeInfo<TAnswer> answerType)
        where TAnswer : ApiResponse
    {
        try
        {
            await CallAsync(reason.Operation!, call, body, answerType, CancellationToken.None);
            return reason;
        }
        catch (HttpmqException exception)
        {
            return reason.With("left", exception.Error);
        }
    }

    /// <summary>The consumer as its leader describes it; null where the stream has none of this name.</summary>
    public async Task<ConsumerInfoWire?> FindConsumerAsync(
        Operation operation, StreamName stream, ConsumerName name, CancellationToken cancellationToken)
    {
        var answer = await TryCallAsync(
            operation, $"CONSUMER.INFO.{stream}.{name}", [], WireJson.Default.ConsumerInfoWire, cancellationToken);
        return answer.Error switch
        {
            // nats-server answers without a configuration while the consumer is being deleted.
            null => answer.Config is null ? null : answer,
            { ErrCode: JetStreamErrors.ConsumerNotFound } => null,
            { ErrCode: JetStreamErrors.StreamNotFound } => throw new HttpmqException(StreamErrors.NotFound(stream)),
            var error => throw new HttpmqException(JetStreamErrors.ToError(operation, error)),
        };
    }

    /// <summary>One message where it is stored.</summary>
    public Task<StoredMessage> GetMessageAsync(
        Operation operation, StreamName stream, ulong sequence, CancellationToken cancellationToken) => GetMessageAsync(
            operation,
            stream,
            JsonSerializer.SerializeToUtf8Bytes(new MessageGetRequest(sequence), WireJson.Default.MessageGetRequest),
            cancellationToken);

    /// <summary>The last message of a subject where it is stored.</summary>
    public Task<StoredMessage> GetLastMessageAsync(
        Operation operation, StreamName stream, Subject subject, CancellationToken cancellationToken) => GetMessageAsync(
            operation,
            stream,
            JsonSerializer.SerializeToUtf8Bytes(new LastMessageRequest(subject.Value), WireJson.Default.LastMessageRequest),
            cancellationToken);

    private async Task<StoredMessage> GetMessageAsync(
        Operation operation, StreamName stream, byte[] request, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(
            operation, $"STREAM.MSG.GET.{stream}", request, WireJson.Default.MessageGetResponse, cancellationToken);
        return answer.Message is { Subject: { } subject, Seq: > 0 and var sequence } message
            ? new StoredMessage(stream.Value, subject, sequence, message.Time, MessageHeaders.Wrap(message.Hdrs), message.Data)
            : throw new HttpmqException(ConnectionErrors.Unreadable(operation, "it has no message"));
    }

    private static async Task<NatsMsg<byte[]>> AskAsync(
        INatsConnection connection, string subject, byte[] body, CancellationToken cancellationToken) =>
        await connection.RequestAsync(
            subject,
            body,
            requestSerializer: NatsRawSerializer<byte[]>.Default,
            replySerializer: NatsRawSerializer<byte[]>.Default,
            replyOpts: ReplyOptions,
            cancellationToken: cancellationToken);

    /// <summary>
    /// Asks again from time to time; the first answer counts. In a cluster the leader alone answers, and nobody does while one is being
    /// elected, not even later: the one that takes over never saw the request. A consumer that was just created has no leader for a
    /// moment.
    /// </summary>
    private async Task<NatsMsg<byte[]>> AskUntilAnsweredAsync(
        INatsConnection connection, string subject, byte[] body, CancellationToken cancellationToken)
    {
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asked = new List<Task>();
        while (true)
        {
            asked.Add(AskAsync(connection, subject, body, answered.Token));
            var pause = Task.Delay(options.RequestTimeout / Attempts, time, answered.Token);
            var first = await Task.WhenAny([.. asked, pause]);
            if (first is not Task<NatsMsg<byte[]>> answer)
            {
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            await answered.CancelAsync();
            return await answer;
        }
    }

    /// <summary>As <see cref="AskUntilAnsweredAsync"/>, whether or not the caller still waits.</summary>
    private async Task<NatsMsg<byte[]>> AskApartAsync(INatsConnection connection, string subject, byte[] body)
    {
        using var limit = new RequestLimit(link, subject, options.RequestTimeout, CancellationToken.None);
        return await AskUntilAnsweredAsync(connection, subject, body, limit.Token);
    }

    /// <summary>A server without JetStream may have neighbours that have it, and then they answer.</summary>
    private static Error NobodyListens(Operation operation, ServerFacts server) => server.HasJetStream
        ? ConnectionErrors.Silent(operation)
        : ConnectionErrors.NotEnabled(operation, server.Name, server.Address);

    /// <summary>A call names a kind of thing, and what to do with it.</summary>
    private static bool OnlyReads(string call) =>
        call.Split('.') is [_, "INFO" or "LIST" or "NAMES", ..] or ["INFO"] || GetsMessage(call);

    private static bool GetsMessage(string call) => call.StartsWith("STREAM.MSG.GET.", StringComparison.Ordinal);
}
