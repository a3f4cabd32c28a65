using System.Collections.Concurrent;
using Httpmq.Domain.Messages;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.Infrastructure.Publishing;

internal sealed class MessagePublisher(RequestLink link, NatsOptions options, RequestPipeline requests, JetStreamApi api, TimeProvider time) : IMessagePublisher
{
    private readonly UnclaimedSubjects _unclaimed = new(api, time);
    private readonly ConcurrentQueue<PendingPublish> _free = new();

    public int MaxPayload => options.MaxMessageBytes > 0 ? Math.Min(options.MaxMessageBytes, link.Server.MaxPayload) : link.Server.MaxPayload;

    public async ValueTask<IPendingPublish> StartAsync(Publication publication)
    {
        var pending = Next(publication);
        pending.Reply = pending.Size > 0
            ? default
            : await requests.StartAsync(publication.Subject.Value, publication.Payload, publication.Headers);
        return pending;
    }

    public async ValueTask<IPendingPublish> StartInBatchAsync(Publication publication, CancellationToken cancellationToken)
    {
        var pending = Next(publication);
        pending.Reply = pending.Size > 0
            ? default
            : await requests.StartInBatchAsync(publication.Subject.Value, publication.Payload, publication.Headers, cancellationToken);
        return pending;
    }

    private PendingPublish Next(in Publication publication)
    {
        if (!_free.TryDequeue(out var pending))
        {
            pending = new PendingPublish(this);
        }

        // The server would end the whole connection over a message that is too large.
        pending.Subject = publication.Subject;
        pending.Size = publication.Size > MaxPayload ? publication.Size : 0;
        return pending;
    }

    private async ValueTask<PublishOutcome> GetOutcomeAsync(PendingPublish pending, CancellationToken cancellationToken)
    {
        var subject = pending.Subject;
        if (pending.Size > 0)
        {
            return Failed(JetStreamErrorTypes.MessageTooLargeType, subject, $"the message has {pending.Size} bytes, and at most {MaxPayload} are taken (the NATS server's max_payload, or limits.max_message_bytes)");
        }

        var started = pending.Reply.Started;
        var reply = await pending.Reply.WaitAsync();
        _free.Enqueue(pending);
        return reply switch
        {
            { Kind: ReplyKind.Answered, Error: { } error } => Refused(JetStreamErrors.ToError(What(subject), error)),
            { Kind: ReplyKind.Answered, Stream: { } stream } => PublishOutcome.Stored(stream, reply.Sequence),

            { Kind: ReplyKind.NoResponders } => await ExplainNoStreamAsync(subject, started, cancellationToken),

            // Somebody who is no stream, and answered first, with nothing or with something else.
            { Kind: ReplyKind.Foreign or ReplyKind.Answered } => await ExplainForeignAsync(subject, started, cancellationToken),
            { Kind: ReplyKind.NotSent } => PublishOutcome.Failed(link.NotConnected),
            { Kind: ReplyKind.Full } => Failed(PublishErrorTypes.TooManyWaiting, subject, "too many messages wait for JetStream's answer; nothing was stored, try again"),
            { Kind: ReplyKind.Silent } => PublishOutcome.Failed(link.Explain(new Error(
                ConnectionErrorTypes.JetStreamSilent, What(subject), "JetStream does not answer at the moment; nothing was stored, try again"))),
            { Kind: ReplyKind.NotPermitted } => PublishOutcome.Failed(JetStreamErrors.NotPermitted(What(subject), subject.Value, "nothing was stored")),
            { Kind: ReplyKind.TimedOut } => await ExplainTimeoutAsync(subject, started, cancellationToken),
            _ => Failed(PublishErrorTypes.Interrupted, subject, "the connection to NATS was lost before JetStream answered; the message may have been stored"),
        };
    }

    /// <summary>JetStream knows that it has no room; whoever runs the server may know why.</summary>
    private PublishOutcome Refused(Error error) =>
        PublishOutcome.Failed(error.Kind == ErrorKind.OutOfResources ? link.Explain(error) : error);

    /// <summary>Nobody took the message: because no stream has the subject, or because the stream has no leader just now.</summary>
    private async ValueTask<PublishOutcome> ExplainNoStreamAsync(Subject subject, long started, CancellationToken cancellationToken) =>
        await _unclaimed.AskAsync(subject, started, cancellationToken) switch
        {
            { Stream: { } stream } => Failed(PublishErrorTypes.StreamWithoutLeader, subject, $"stream {stream} has no leader at the moment; nothing was stored, try again"),
            { IsUnclaimed: true } => NoStream(subject),

            // Why nobody took it stays open; that nobody did does not, so this is no time-out of unknown outcome.
            { Reason: var reason } => PublishOutcome.Failed(link.Explain(new Error(
                PublishErrorTypes.NotTaken, What(subject), $"no stream took it, and JetStream does not say why ({reason}); nothing was stored, try again"))),
        };

    /// <summary>Somebody else listens on the subject: where there is a stream, too, the message may be in it.</summary>
    private async ValueTask<PublishOutcome> ExplainForeignAsync(Subject subject, long started, CancellationToken cancellationToken) =>
        await _unclaimed.AskAsync(subject, started, cancellationToken) is { IsUnclaimed: true }
            ? NoStream(subject)
            : Failed(PublishErrorTypes.ForeignListener, subject, "somebody else than JetStream listens on the subject and answered first; the message may have been stored");

    /// <summary>Nobody answered: because JetStream is slow, or because somebody listens on the subject who is no stream.</summary>
    private async ValueTask<PublishOutcome> ExplainTimeoutAsync(Subject subject, long started, CancellationToken cancellationToken) =>
        await _unclaimed.AskAsync(subject, started, cancellationToken) is { IsUnclaimed: true }
            ? NoStream(subject)
            : PublishOutcome.Failed(link.Explain(new Error(
                PublishErrorTypes.Timeout, What(subject), "JetStream did not answer in time; the message may have been stored")));

    private static PublishOutcome NoStream(Subject subject) =>
        Failed(PublishErrorTypes.SubjectNotClaimed, subject, "no stream takes this subject; define one with POST /v1/admin/stream");

    private static string What(Subject subject) => $"Unable to publish message to {subject}";

    private static PublishOutcome Failed(ErrorType type, Subject subject, string detail) =>
        PublishOutcome.Failed(new Error(type, What(subject), detail));

    /// <summary>One message under way; reused, so that a batch allocates none per record.</summary>
    private sealed class PendingPublish(MessagePublisher publisher) : IPendingPublish
    {
        public Subject Subject { get; set; }

        /// <summary>The message's size where that is too large to be sent, else 0.</summary>
        public long Size { get; set; }

        public PendingReply Reply { get; set; }

        public bool IsCompleted => Size > 0 || Reply.IsCompleted;

        public ValueTask<PublishOutcome> GetOutcomeAsync(CancellationToken cancellationToken) => publisher.GetOutcomeAsync(this, cancellationToken);
    }
}
