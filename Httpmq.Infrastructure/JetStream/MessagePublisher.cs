using System.Collections.Concurrent;
using System.Text.Json;
using Httpmq.Application.Messages;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.JetStream.Requests;
using Httpmq.Infrastructure.JetStream.Wire;

namespace Httpmq.Infrastructure.JetStream;

internal sealed class MessagePublisher(NatsLink link, NatsOptions options, RequestPipeline requests, JetStreamApi api, TimeProvider time) : IMessagePublisher
{
    // nats-server's default max_payload, until the connected one has told its own.
    private const int DefaultMaxPayload = 1024 * 1024;

    // It explains a refusal and decides nothing: the message was refused by the broker already.
    private static readonly TimeSpan ExplanationLife = TimeSpan.FromSeconds(1);

    // What is left of the 5 s in which every request is answered.
    private static readonly TimeSpan TimeoutExplanationLimit = TimeSpan.FromMilliseconds(600);

    private volatile Unclaimed? _unclaimed;
    private readonly ConcurrentQueue<PendingPublish> _free = new();

    public int MaxPayload
    {
        get
        {
            var server = link.Connection.ServerInfo?.MaxPayload is > 0 and var limit ? limit : DefaultMaxPayload;
            return options.MaxMessageBytes > 0 ? Math.Min(options.MaxMessageBytes, server) : server;
        }
    }

    public async ValueTask<IPendingPublish> StartAsync(Subject subject, ReadOnlyMemory<byte> payload)
    {
        if (!_free.TryDequeue(out var pending))
        {
            pending = new PendingPublish(this);
        }

        // The server would end the whole connection over a message that is too large.
        pending.Subject = subject;
        pending.Size = payload.Length > MaxPayload ? payload.Length : 0;
        pending.Reply = pending.Size > 0 ? default : await requests.StartAsync(subject.Value, payload);
        return pending;
    }

    private async ValueTask<PublishOutcome> GetOutcomeAsync(PendingPublish pending, CancellationToken cancellationToken)
    {
        var subject = pending.Subject;
        if (pending.Size > 0)
        {
            return Failed(ErrorKind.TooLarge, subject, $"the message has {pending.Size} bytes, and at most {MaxPayload} are taken (the NATS server's max_payload, or limits.max_message_bytes)");
        }

        var reply = await pending.Reply.WaitAsync();
        _free.Enqueue(pending);
        return reply switch
        {
            { Kind: ReplyKind.Answered, Error: { } error } => Refused(JetStreamErrors.ToError(What(subject), error)),
            { Kind: ReplyKind.Answered, Stream: { } stream } => PublishOutcome.Stored(stream, reply.Sequence),

            { Kind: ReplyKind.NoResponders } => await ExplainNoStreamAsync(subject, cancellationToken),

            // Somebody who is no stream, and answered first, with nothing or with something else.
            { Kind: ReplyKind.Foreign or ReplyKind.Answered } => await ExplainForeignAsync(subject, cancellationToken),
            { Kind: ReplyKind.NotSent } => PublishOutcome.Failed(link.NotConnected),
            { Kind: ReplyKind.Full } => Failed(ErrorKind.Unavailable, subject, "too many messages wait for JetStream's answer; nothing was stored, try again"),
            { Kind: ReplyKind.TimedOut } => await ExplainTimeoutAsync(subject),
            _ => Failed(ErrorKind.Unavailable, subject, "the connection to NATS was lost before JetStream answered; the message may have been stored"),
        };
    }

    /// <summary>JetStream knows that it has no room; whoever runs the server may know why.</summary>
    private PublishOutcome Refused(Error error) =>
        PublishOutcome.Failed(error.Kind == ErrorKind.OutOfResources ? link.Explain(error) : error);

    /// <summary>Nobody took the message: because no stream has the subject, or because the stream has no leader just now.</summary>
    private async ValueTask<PublishOutcome> ExplainNoStreamAsync(Subject subject, CancellationToken cancellationToken)
    {
        // A batch to a wrong subject has one explanation for all of its records.
        if (_unclaimed is { } known && known.Subject == subject && time.GetElapsedTime(known.Since) < ExplanationLife)
        {
            return PublishOutcome.Failed(known.Error);
        }

        var outcome = await AskForStreamAsync(subject, cancellationToken);
        if (outcome.Error is { Kind: ErrorKind.NotFound } error)
        {
            _unclaimed = new Unclaimed(subject, error, time.GetTimestamp());
        }

        return outcome;
    }

    /// <summary>Somebody else listens on the subject: where there is a stream, too, the message may be in it.</summary>
    private async ValueTask<PublishOutcome> ExplainForeignAsync(Subject subject, CancellationToken cancellationToken) =>
        await ExplainNoStreamAsync(subject, cancellationToken) is { Error.Kind: ErrorKind.NotFound } noStream
            ? noStream
            : Failed(ErrorKind.Unavailable, subject, "somebody else than JetStream listens on the subject and answered first; the message may have been stored");

    /// <summary>Nobody answered: because JetStream is slow, or because somebody listens on the subject who is no stream.</summary>
    private async ValueTask<PublishOutcome> ExplainTimeoutAsync(Subject subject)
    {
        using var limit = new CancellationTokenSource(TimeoutExplanationLimit, time);
        try
        {
            if (await AskForStreamAsync(subject, limit.Token) is { Error.Kind: ErrorKind.NotFound } noStream)
            {
                return noStream;
            }
        }
        catch (OperationCanceledException)
        {
            // Then it is JetStream that does not answer.
        }

        return PublishOutcome.Failed(link.Explain(new Error(
            ErrorKind.Timeout, What(subject), "JetStream did not answer in time; the message may have been stored")));
    }

    private async ValueTask<PublishOutcome> AskForStreamAsync(Subject subject, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await api.CallAsync(
                What(subject),
                "STREAM.NAMES",
                JsonSerializer.SerializeToUtf8Bytes(new StreamNamesRequest(subject.Value), WireJson.Default.StreamNamesRequest),
                WireJson.Default.StreamNamesResponse,
                cancellationToken);
            return answer.Streams is { Count: > 0 }
                ? Failed(ErrorKind.Unavailable, subject, $"stream {answer.Streams[0]} has no leader at the moment; nothing was stored, try again")
                : Failed(ErrorKind.NotFound, subject, "no stream takes this subject; define one with POST /v1/admin/stream");
        }
        catch (HttpmqException exception)
        {
            // Why nobody took it stays open; that nobody did does not, so this is no time-out of unknown outcome.
            return Failed(ErrorKind.Unavailable, subject, $"no stream took it, and JetStream does not say why ({exception.Error.Message}); nothing was stored, try again");
        }
    }

    private static string What(Subject subject) => $"Unable to publish message to {subject}";

    private static PublishOutcome Failed(ErrorKind kind, Subject subject, string detail) =>
        PublishOutcome.Failed(new Error(kind, What(subject), detail));

    private sealed record Unclaimed(Subject Subject, Error Error, long Since);

    /// <summary>One message under way; reused, so that a batch allocates none per record.</summary>
    private sealed class PendingPublish(MessagePublisher publisher) : IPendingPublish
    {
        public Subject Subject { get; set; }

        /// <summary>The message's size where that is too large to be sent, else 0.</summary>
        public int Size { get; set; }

        public PendingReply Reply { get; set; }

        public bool IsCompleted => Size > 0 || Reply.IsCompleted;

        public ValueTask<PublishOutcome> GetOutcomeAsync(CancellationToken cancellationToken) => publisher.GetOutcomeAsync(this, cancellationToken);
    }
}
