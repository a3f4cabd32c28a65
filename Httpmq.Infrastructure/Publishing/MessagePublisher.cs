using System.Collections.Concurrent;
using Httpmq.Application.Publishing;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.Infrastructure.Publishing;

internal sealed class MessagePublisher : IMessagePublisher
{
    private readonly RequestLink _link;
    private readonly NatsOptions _options;
    private readonly RequestPipeline _requests;
    private readonly UnclaimedSubjects _unclaimed;
    private readonly EarlierCopies _copies;
    private readonly FeatureCheck _features;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ConcurrentQueue<PendingPublish> _free = new();

    public MessagePublisher(
        RequestLink link, NatsOptions options, RequestPipeline requests, JetStreamApi api, GatewayMetrics metrics, TimeProvider time)
    {
        _link = link;
        _options = options;
        _requests = requests;
        _metrics = metrics;
        _time = time;
        _unclaimed = new UnclaimedSubjects(api, time);
        _copies = new EarlierCopies(api, _unclaimed, time);
        _features = new FeatureCheck(link, api, time);
    }

    public int MaxPayload =>
        _options.MaxMessageBytes > 0 ? Math.Min(_options.MaxMessageBytes, _link.Server.MaxPayload) : _link.Server.MaxPayload;

    public async ValueTask<IPendingPublish> StartAsync(Publication publication)
    {
        var pending = Next(publication);
        if (publication.Needs is { } needs)
        {
            pending.Refusal ??= await _features.FindRefusalAsync(publication.Subject, needs);
        }

        pending.Reply = pending.Refusal is not null
            ? default
            : await _requests.StartAsync(publication.Subject.Value, publication.Payload, publication.Headers);
        return pending;
    }

    public async ValueTask<IPendingPublish> StartInBatchAsync(Publication publication, CancellationToken cancellationToken)
    {
        var pending = Next(publication);
        if (publication.Needs is { } needs)
        {
            pending.Refusal ??= await _features.FindRefusalAsync(publication.Subject, needs);
        }

        pending.Reply = pending.Refusal is not null
            ? default
            : await _requests.StartInBatchAsync(publication.Subject.Value, publication.Payload, publication.Headers, cancellationToken);
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
        pending.Headers = publication.Headers;
        pending.Refusal = publication.Size > MaxPayload
            ? PublishErrors.TooLarge(Publishing(publication.Subject), publication.Size, MaxPayload)
            : null;
        if (pending.Refusal is null)
        {
            _metrics.Sent(publication.Size);
        }

        return pending;
    }

    /// <summary>What a reply means that does not say where the message is.</summary>
    private async Task<PublishOutcome> ExplainAsync(
        Subject subject, MessageHeaders headers, Reply reply, long started, CancellationToken cancellationToken) =>
        reply switch
        {
            { Kind: ReplyKind.Answered, Error: { } error } => error.ErrCode
                is JetStreamErrors.WrongLastSequence or JetStreamErrors.WrongLastSequenceOf
                    ? await ExplainConditionAsync(subject, headers, error, started, cancellationToken)
                    : Refused(JetStreamErrors.ToError(Publishing(subject), error)),
            { Kind: ReplyKind.NoResponders } => await ExplainNoStreamAsync(subject, started, cancellationToken),

            // Somebody who is no stream, and answered first, with nothing or with something else.
            { Kind: ReplyKind.Foreign or ReplyKind.Answered } => await ExplainForeignAsync(subject, started, cancellationToken),
            { Kind: ReplyKind.NotSent } => PublishOutcome.Failed(_link.NotConnected),
            { Kind: ReplyKind.Full } => PublishOutcome.Failed(PublishErrors.Full(Publishing(subject))),
            { Kind: ReplyKind.Silent } => PublishOutcome.Failed(_link.Explain(ConnectionErrors.Silent(Publishing(subject)))),
            { Kind: ReplyKind.NotPermitted } => PublishOutcome.Failed(ConnectionErrors.Forbidden(Publishing(subject), subject.Value)),
            { Kind: ReplyKind.TimedOut } => await ExplainTimeoutAsync(subject, started, cancellationToken),
            _ => PublishOutcome.Failed(PublishErrors.Lost(Publishing(subject))),
        };

    /// <summary>JetStream knows that it has no room; whoever runs the server may know why.</summary>
    private PublishOutcome Refused(Error error) =>
        PublishOutcome.Failed(error.Kind == ErrorKind.OutOfResources ? _link.Explain(error) : error);

    /// <summary>The condition does not hold: because of another message, or because this one was stored before.</summary>
    private async ValueTask<PublishOutcome> ExplainConditionAsync(
        Subject subject, MessageHeaders headers, ApiError refusal, long started, CancellationToken cancellationToken)
    {
        var error = JetStreamErrors.ToError(Publishing(subject), refusal);
        var last = error["last_sequence"] as ulong?;
        return await _copies.FindAsync(subject, headers, last, started, cancellationToken) is var (stream, sequence)
            ? new PublishOutcome(stream, sequence, Error: null, Duplicate: true)
            : PublishOutcome.Failed(error);
    }

    /// <summary>Nobody took the message: because no stream has the subject, or because the stream has no leader just now.</summary>
    private async ValueTask<PublishOutcome> ExplainNoStreamAsync(Subject subject, long started, CancellationToken cancellationToken) =>
        await _unclaimed.AskAsync(subject, started, cancellationToken) switch
        {
            { Stream: { } stream } => PublishOutcome.Failed(PublishErrors.NoLeader(Publishing(subject), stream)),
            { IsUnclaimed: true } => NoStream(subject),

            // Why nobody took it stays open; that nobody did does not, so this is no time-out of unknown outcome.
            { Cause: var cause } => PublishOutcome.Failed(_link.Explain(PublishErrors.Untaken(Publishing(subject), cause))),
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
            : PublishOutcome.Failed(_link.Explain(PublishErrors.TimedOut(Publishing(subject))));

    private static PublishOutcome NoStream(Subject subject) => PublishOutcome.Failed(PublishErrors.NoStream(Publishing(subject)));

    private static Operation Publishing(Subject subject) => new(OperationKind.Publish, Subject: subject.Value);

    /// <summary>One message under way.</summary>
    private sealed class PendingPublish(MessagePublisher publisher) : PendingOutcome<PublishOutcome>, IPendingPublish
    {
        private CancellationToken _cancellationToken;

        public Subject Subject { get; set; }

        public MessageHeaders Headers { get; set; }

        /// <summary>Why it is not sent; null: it is.</summary>
        public Error? Refusal { get; set; }

        public PendingReply Reply { get; set; }

        public bool IsCompleted => Refusal is not null || Reply.IsCompleted;

        public ValueTask<PublishOutcome> GetOutcomeAsync(CancellationToken cancellationToken)
        {
            if (Refusal is { } refusal)
            {
                Free();
                publisher._metrics.Published(refusal);
                return new ValueTask<PublishOutcome>(PublishOutcome.Failed(refusal));
            }

            _cancellationToken = cancellationToken;
            return WaitAsync(Reply.WaitAsync());
        }

        protected override bool TryRead(in Reply reply, out PublishOutcome outcome)
        {
            if (reply is not { Kind: ReplyKind.Answered, Error: null, Stream: { } stream })
            {
                outcome = default;
                return false;
            }

            publisher._metrics.Published(error: null, reply.Duplicate, publisher._time, Reply.Started);
            outcome = new PublishOutcome(stream, reply.Sequence, Error: null, reply.Duplicate, reply.Value);
            return true;
        }

        protected override async Task<PublishOutcome> ExplainAsync(Reply reply)
        {
            var outcome = await publisher.ExplainAsync(Subject, Headers, reply, Reply.Started, _cancellationToken);
            publisher._metrics.Published(outcome.Error, outcome.Duplicate, publisher._time, Reply.Started);
            return outcome;
        }

        protected override void Free()
        {
            (Headers, Reply, _cancellationToken) = (default, default, default);
            publisher._free.Enqueue(this);
        }
    }
}
