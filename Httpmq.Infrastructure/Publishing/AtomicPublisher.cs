using System.Globalization;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.Infrastructure.Publishing;

/// <summary>
/// Sends a batch, and commits it only when JetStream has answered every message before the last: it does not know of messages that went
/// elsewhere. https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-50.md.
/// </summary>
internal sealed class AtomicPublisher(
    RequestLink link, IMessagePublisher single, RequestPipeline requests, JetStreamApi api, TimeProvider time) : IAtomicPublisher
{
    // Beyond, a message that came late is none of this batch, which JetStream has long discarded.
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(4.2);

    private readonly AtomicBatchCheck _check = new(link, api, time);

    public int MaxPayload => single.MaxPayload;

    public async Task<AtomicOutcome> PublishAsync(IReadOnlyList<Publication> publications, CancellationToken cancellationToken)
    {
        using var overdue = new CancellationTokenSource(TimeLimit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(overdue.Token, cancellationToken);
        try
        {
            var (stream, refused) = await _check.FindStreamAsync(publications, limit.Token);
            return refused ?? await SendAsync(publications, stream!, limit.Token);
        }
        catch (HttpmqException exception)
        {
            return AtomicOutcome.Failed(exception.Error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return AtomicOutcome.Failed(link.Explain(ConnectionErrors.Silent(AtomicBatchCheck.Publishing(publications[0].Subject))));
        }
    }

    private async Task<AtomicOutcome> SendAsync(
        IReadOnlyList<Publication> publications, string stream, CancellationToken cancellationToken)
    {
        var messages = new Message[publications.Count];
        var id = Inbox.NewId();
        for (var index = 0; index < messages.Length; index++)
        {
            messages[index] = new Message(publications[index], Number(publications[index].Headers, id, index, messages.Length));
            if (messages[index].Size > MaxPayload)
            {
                var operation = AtomicBatchCheck.Publishing(messages[index].Subject);
                return AtomicOutcome.Failed(PublishErrors.TooLarge(operation, messages[index].Size, MaxPayload), index);
            }
        }

        if (await StageOrAbortAsync(messages, id, cancellationToken) is { } failed)
        {
            return failed;
        }

        var last = messages[^1];
        var reply = await CommitAsync(last, cancellationToken);
        return reply switch
        {
            { Kind: ReplyKind.Answered, Stream: { } stored } => new AtomicOutcome(stored, reply.Sequence, messages.Length, Error: null),
            { Kind: ReplyKind.Answered, Error: { } error } => Refused(
                publications, error, await _check.FindCulpritAsync(publications, stream, error.ErrCode, cancellationToken)),
            _ => AtomicOutcome.Failed(ErrorOf(reply, last.Subject, mayBeStored: true)),
        };
    }

    /// <summary>It speaks of the message at fault; of the last one, which was answered, where that is not known.</summary>
    private static AtomicOutcome Refused(IReadOnlyList<Publication> publications, ApiError error, int? culprit)
    {
        var operation = AtomicBatchCheck.Publishing(publications[culprit ?? publications.Count - 1].Subject);
        return AtomicOutcome.Failed(JetStreamErrors.ToError(operation, error), culprit);
    }

    private async Task<AtomicOutcome?> StageOrAbortAsync(Message[] messages, string id, CancellationToken cancellationToken)
    {
        var isStaged = false;
        try
        {
            var failed = await StageAsync(messages, cancellationToken);
            isStaged = failed is null;
            return failed;
        }
        finally
        {
            if (!isStaged)
            {
                AbortAsync(messages, id).Forget();
            }
        }
    }

    /// <summary>What is not answered in time may be stored: all of it or nothing.</summary>
    private async Task<Reply> CommitAsync(Message last, CancellationToken cancellationToken)
    {
        var pending = await requests.StartAsync(last.Subject.Value, last.Payload, last.Headers);
        try
        {
            return await pending.WaitAsync().AsTask().WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return new Reply(ReplyKind.TimedOut);
        }
    }

    /// <summary>All but the last; null where JetStream holds them.</summary>
    private async Task<AtomicOutcome?> StageAsync(Message[] messages, CancellationToken cancellationToken)
    {
        var pending = new List<PendingReply>(messages.Length - 1);
        AtomicOutcome? failed = null;
        try
        {
            foreach (var message in messages.AsSpan(..^1).ToArray())
            {
                pending.Add(await requests.StartInBatchAsync(message.Subject.Value, message.Payload, message.Headers, cancellationToken));
            }
        }
        finally
        {
            // Every reply is taken, whatever happens.
            for (var index = 0; index < pending.Count; index++)
            {
                var reply = await pending[index].WaitAsync();
                if (failed is null && reply is not { Kind: ReplyKind.Answered, Error: null, Stream: null })
                {
                    failed = Fail(reply, messages[index].Subject, index);
                }
            }
        }

        return failed;
    }

    private AtomicOutcome Fail(in Reply reply, Subject subject, int index) => reply switch
    {
        { Kind: ReplyKind.Answered, Error: { } error } =>
            AtomicOutcome.Failed(JetStreamErrors.ToError(AtomicBatchCheck.Publishing(subject), error), index),

        // Somebody stored it at once, who knows no batches.
        { Kind: ReplyKind.Answered } => AtomicOutcome.Failed(PublishErrors.StoredAlone(AtomicBatchCheck.Publishing(subject)), index),
        _ => AtomicOutcome.Failed(ErrorOf(reply, subject, mayBeStored: false), index),
    };

    private Error ErrorOf(in Reply reply, Subject subject, bool mayBeStored)
    {
        var operation = AtomicBatchCheck.Publishing(subject);
        return reply.Kind switch
        {
            ReplyKind.NoResponders => PublishErrors.Untaken(operation, cause: null),
            ReplyKind.NotSent => link.NotConnected,
            ReplyKind.Full => PublishErrors.Full(operation),
            ReplyKind.NotPermitted => ConnectionErrors.Forbidden(operation, subject.Value),
            ReplyKind.Silent => link.Explain(ConnectionErrors.Silent(operation)),
            ReplyKind.Foreign or ReplyKind.Answered when mayBeStored => PublishErrors.Overheard(operation),
            ReplyKind.TimedOut when mayBeStored => link.Explain(PublishErrors.TimedOut(operation)),
            _ when mayBeStored => PublishErrors.Lost(operation),
            _ => link.Explain(ConnectionErrors.Silent(operation)),
        };
    }

    /// <summary>
    /// A gap in the numbers makes JetStream discard the batch at once; else it would count for 10 s among the 50 that a stream has open
    /// (measured on 2.15.1). Nothing depends on it.
    /// </summary>
    private async Task AbortAsync(Message[] messages, string id)
    {
        if (messages.Length > 1)
        {
            var headers = Number(default, id, PublishAtomicBatch.MaxRecords, PublishAtomicBatch.MaxRecords + 2);
            await (await requests.StartAsync(messages[0].Subject.Value, ReadOnlyMemory<byte>.Empty, headers)).WaitAsync();
        }
    }

    private static MessageHeaders Number(MessageHeaders headers, string id, int index, int count)
    {
        var numbered = headers.With(JetStreamHeaders.BatchId, id)
            .With(JetStreamHeaders.BatchSequence, (index + 1).ToString(CultureInfo.InvariantCulture));
        return index == count - 1 ? numbered.With(JetStreamHeaders.BatchCommit, "1") : numbered;
    }

    private readonly record struct Message(Subject Subject, ReadOnlyMemory<byte> Payload, MessageHeaders Headers)
    {
        public Message(in Publication publication, MessageHeaders headers) : this(publication.Subject, publication.Payload, headers)
        {
        }

        public long Size => (long)Payload.Length + Headers.Length;
    }
}
