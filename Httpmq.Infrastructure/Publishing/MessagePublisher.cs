using System.Collections.Concurrent;
using Httpmq.Domain.Messages;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.Infrastructure.Publishing;

internal sealed class MessagePublisher(
    RequestLink link, NatsOptions options, RequestPipeline requests, JetStreamApi api, TimeProvider time) : IMessagePublisher
{
    private readonly UnclaimedSubjects _unclaimed = new(api, time);
    private readonly ConcurrentQueue<PendingPublish> _free = new();

    public int MaxPayload =>
        options.MaxMessageBytes > 0 ? Math.Min(options.MaxMessageBytes, link.Server.MaxPayload) : link.Server.MaxPayload;

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
            return PublishOutcome.Failed(PublishErrors.TooLarge(Publishing(subject), pending.Size, MaxPayload));
        }

        var started = pending.Reply.Started;
        var reply = await pending.Reply.WaitAsync();
        _free.Enqueue(pending);
        return reply switch
        {
            { Kind: ReplyKind.Answered, Error: { } error } => Refused(JetStreamErrors.ToError(Publishing(subject), error)),
            { Kind: ReplyKind.Answered, Stream: { } stream } => PublishOutcome.Stored(stream, reply.Sequence),

            { Kind: ReplyKind.NoResponders } => await ExplainNoStreamAsync(subject, started, cancellationToken),

            // Somebody who is no stream, and answered first, with nothing or with something else.
            { Kind: ReplyKind.Foreign or ReplyKind.Answered } => await ExplainForeignAsync(subject, started, cancellationToken),
            { Kind: ReplyKind.NotSent } => PublishOutcome.Failed(link.NotConnected),
            { Kind: ReplyKind.Full } => PublishOutcome.Failed(PublishErrors.Full(Publishing(subject))),
            { Kind: ReplyKind.Silent } => PublishOutcome.Failed(link.Explain(ConnectionErrors.Silent(Publishing(subject)))),
            { Kind: ReplyKind.NotPermitted } => PublishOutcome.Failed(ConnectionErrors.Forbidden(Publishing(subject), subject.Value)),
            { Kind: ReplyKind.TimedOut } => await ExplainTimeoutAsync(subject, started, cancellationToken),
            _ => PublishOutcome.Failed(PublishErrors.Lost(Publishing(subject))),
        };
    }

    /// <summary>JetStream knows that it has no room; whoever runs the server may know why.</summary>
    private PublishOutcome Refused(Error error) =>
        PublishOutcome.Failed(error.Kind == ErrorKind.OutOfResources ? link.Explain(error) : error);

    /// <summary>Nobody took the message: because no stream has the subject, or because the stream has no leader just now.</summary>
    private async ValueTask<PublishOutcome> ExplainNoStreamAsync(Subject subject, long started, CancellationToken cancellationToken) =>
        await _unclaimed.AskAsync(subject, started, cancellationToken) switch
        {
            { Stream: { } stream } => PublishOutcome.Failed(PublishErrors.NoLeader(Publishing(subject), stream)),
            { IsUnclaimed: true } => NoStream(subject),

            // Why nobody took it stays open; that nobody did does not, so this is no time-out of unknown outcome.
            { Cause: var cause } => PublishOutcome.Failed(link.Explain(PublishErrors.Untaken(Publishing(subject), cause))),
        };

    /// <summary>Somebody else listens on the subject: where there is a stream, too, the message may be in it.</summary>
    private async ValueTask<PublishOutcome> ExplainForeignAsync(Subject subject, long started, CancellationToken cancellationToken) =>
        await _unclaimed.AskAsync(subject, started, cancellationToken) is { IsUnclaimed: true }
            ? NoStream(subject)
            : PublishOutcome.Failed(PublishErrors.Overheard(Publishing(subject)));

    /// <summary>Nobody answered: because JetStream is slow, or because somebody listens on the subject who is no stream.</summary>
    private async ValueTask<PublishOutcome> ExplainTimeoutAsync(Subject subject, long started, CancellationToken cancellationToken) =>
        await _unclaimed.AskAsync(subject, started, cancellationToken) is { IsUnclaimed: true }
            ? NoStream(subject)
            : PublishOutcome.Failed(link.Explain(PublishErrors.TimedOut(Publishing(subject))));

    private static PublishOutcome NoStream(Subject subject) => PublishOutcome.Failed(PublishErrors.NoStream(Publishing(subject)));

    private static Operation Publishing(Subject subject) => new(OperationKind.Publish, Subject: subject.Value);

    /// <summary>One message under way; reused, so that a batch allocates none per record.</summary>
    private sealed class PendingPublish(MessagePublisher publisher) : IPendingPublish
    {
        public Subject Subject { get; set; }

        /// <summary>The message's size where that is too large to be sent, else 0.</summary>
        public long Size { get; set; }

        public PendingReply Reply { get; set; }

        public bool IsCompleted => Size > 0 || Reply.IsCompleted;

        public ValueTask<PublishOutcome> GetOutcomeAsync(CancellationToken cancellationToken) =>
            publisher.GetOutcomeAsync(this, cancellationToken);
    }
}
