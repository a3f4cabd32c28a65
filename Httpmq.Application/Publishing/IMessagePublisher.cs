using System.Runtime.InteropServices;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Application.Publishing;

/// <summary>Stores messages.</summary>
public interface IMessagePublisher
{
    /// <summary>
    /// The largest message that the connected server takes, in bytes of payload and headers together; nats-server's default (1 MiB) until
    /// known.
    /// </summary>
    int MaxPayload { get; }

    /// <summary>
    /// Hands one message to the broker, without waiting until it is stored. Many may be under way at once.
    /// </summary>
    /// <param name="publication">The message; its bytes may be reused by the caller once the call returned.</param>
    ValueTask<IPendingPublish> StartAsync(Publication publication);

    /// <summary>
    /// As <see cref="StartAsync"/>, for a record of a batch: it waits while the records of all batches that wait for the broker are as many
    /// as they may be, so that there is always room for single messages.
    /// </summary>
    /// <param name="publication">The message; its bytes may be reused by the caller once the call returned.</param>
    /// <param name="cancellationToken">Gives up waiting for room: the message is not sent then.</param>
    ValueTask<IPendingPublish> StartInBatchAsync(Publication publication, CancellationToken cancellationToken);
}

/// <summary>A message under way to its stream. It ends within 5 s, whatever happens.</summary>
public interface IPendingPublish
{
    /// <summary>Whether <see cref="GetOutcomeAsync"/> would not wait for the broker.</summary>
    bool IsCompleted { get; }

    /// <summary>Where it was stored, or why it was not (or why that is not known). To be called exactly once.</summary>
    ValueTask<PublishOutcome> GetOutcomeAsync(CancellationToken cancellationToken);
}

/// <summary>What became of one message: stored (no error), or an error.</summary>
/// <param name="Stream">The stream that stored it; null with an error.</param>
/// <param name="Sequence">Its sequence in that stream, from 1; 0 with an error.</param>
/// <param name="Error">Null when stored.</param>
/// <param name="Duplicate">
/// Whether the stream had a message with the same id already: nothing was stored, and the sequence is that message's.
/// </param>
/// <param name="Value">What a counter counts with this message, as a decimal number of any length; null where it is no counter.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PublishOutcome(string? Stream, ulong Sequence, Error? Error, bool Duplicate = false, string? Value = null)
{
    public static PublishOutcome Stored(string stream, ulong sequence) => new(stream, sequence, Error: null);

    public static PublishOutcome Failed(Error error) => new(Stream: null, Sequence: 0, error);
}
