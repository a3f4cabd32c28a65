using Httpmq.Application.Telemetry;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Publishing;

/// <summary>Publishes messages of one stream, all or none. At most <see cref="MaxRecords"/> of them.</summary>
/// <param name="Caller">Who publishes; asked for each message.</param>
/// <param name="Publications">The messages, at least one; their bytes are the caller's until it returns.</param>
public sealed record PublishAtomicBatch(Caller Caller, IReadOnlyList<Publication> Publications) : IRequest<AtomicOutcome>
{
    /// <summary>As many as nats-server takes.</summary>
    public const int MaxRecords = 1000;
}

/// <summary>What became of an atomic batch: all of it stored, in one piece, or an error and nothing stored.</summary>
/// <param name="Stream">The stream that stored it; null with an error.</param>
/// <param name="LastSequence">The last message's sequence; 0 with an error.</param>
/// <param name="Count">How many messages.</param>
/// <param name="Error">
/// Why nothing was stored, or why that is not known; its member <c>index</c> names the first message at fault, from 0, where that is known.
/// </param>
public sealed record AtomicOutcome(string? Stream, ulong LastSequence, int Count, Error? Error)
{
    /// <summary>The first message's sequence.</summary>
    public ulong FirstSequence => LastSequence - (ulong)Count + 1;

    /// <summary>Nothing was stored, because of this message or of the batch as a whole.</summary>
    public static AtomicOutcome Failed(Error error, int? index = null) =>
        new(Stream: null, LastSequence: 0, Count: 0, index is null ? error : error.With("index", index));
}

/// <summary>Stores several messages or none.</summary>
public interface IAtomicPublisher
{
    /// <summary>The largest message, in bytes of payload and headers together.</summary>
    int MaxPayload { get; }

    /// <summary>Stores the messages, in their order and next to each other. It ends within 5 s, whatever happens.</summary>
    /// <param name="publications">The messages, at least one.</param>
    /// <param name="cancellationToken">Gives up: nothing is stored, unless the last message was sent already.</param>
    Task<AtomicOutcome> PublishAsync(IReadOnlyList<Publication> publications, CancellationToken cancellationToken);
}

internal sealed class PublishAtomicBatchHandler(IAtomicPublisher publisher, GatewayMetrics metrics)
    : IRequestHandler<PublishAtomicBatch, AtomicOutcome>
{
    // What JetStream reads of the first message only, and what it does not take in a batch at all.
    private const string ExpectedLastSequence = "Nats-Expected-Last-Sequence";
    private const string ExpectedLastMessageId = "Nats-Expected-Last-Msg-Id";

    public async Task<AtomicOutcome> Handle(PublishAtomicBatch request, CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < request.Publications.Count; index++)
        {
            if (FindRefusal(request.Caller, request.Publications[index], index, ids) is { } refusal)
            {
                metrics.Published(refusal, count: request.Publications.Count);
                return AtomicOutcome.Failed(refusal, index);
            }
        }

        metrics.Sent(request.Publications.Sum(static publication => (long)publication.Size));
        var outcome = await publisher.PublishAsync(request.Publications, cancellationToken);
        metrics.Published(outcome.Error, count: request.Publications.Count);
        return outcome;
    }

    private static Error? FindRefusal(Caller caller, in Publication publication, int index, HashSet<string> ids)
    {
        if (PublishRights.Check(caller, publication) is { } refusal)
        {
            return refusal;
        }

        if (publication.Headers.IsEmpty)
        {
            return null;
        }

        return publication.Headers.Find(ExpectedLastMessageId) is not null
                ? PublishErrors.NotInBatch(ExpectedLastMessageId, "a message of an atomic batch cannot have it")
            : index > 0 && publication.Headers.Find(ExpectedLastSequence) is not null
                ? PublishErrors.NotInBatch(ExpectedLastSequence, "only the first message of an atomic batch can have it")
            : publication.Headers.Find(PublishHeaderRules.MessageId) is { } id && !ids.Add(id)
                ? PublishErrors.NotInBatch(PublishHeaderRules.MessageId, "another message of the batch has the same id")
            : null;
    }
}
