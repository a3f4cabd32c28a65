using System.Runtime.InteropServices;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Messages;

/// <summary>Stores messages.</summary>
public interface IMessagePublisher
{
    /// <summary>The largest message that the connected server takes, in bytes; nats-server's default (1 MiB) until known.</summary>
    int MaxPayload { get; }

    /// <summary>
    /// Publishes one message and waits until JetStream stored it. Answers within 5 s, whatever happens.
    /// </summary>
    /// <param name="subject">Where to publish.</param>
    /// <param name="payload">The message; may be reused by the caller once the call returned.</param>
    /// <param name="cancellationToken">Gives up waiting. The message may be stored all the same.</param>
    /// <returns>Where it was stored, or why it was not (or why that is not known).</returns>
    ValueTask<PublishOutcome> PublishAsync(Subject subject, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);
}

/// <summary>What became of one message: stored (no error), or an error.</summary>
/// <param name="Stream">The stream that stored it; null with an error.</param>
/// <param name="Sequence">Its sequence in that stream, from 1; 0 with an error.</param>
/// <param name="Error">Null when stored.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PublishOutcome(string? Stream, ulong Sequence, Error? Error)
{
    public static PublishOutcome Stored(string stream, ulong sequence) => new(stream, sequence, Error: null);

    public static PublishOutcome Failed(Error error) => new(Stream: null, Sequence: 0, error);
}
