using Httpmq.Application.Streams;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Consumers;

/// <summary>
/// The durable consumers of streams. Every call throws <see cref="HttpmqException"/>: <see cref="ErrorKind.NotFound"/> for an
/// unknown stream, <see cref="ErrorKind.Unavailable"/> without a connection or JetStream, <see cref="ErrorKind.Timeout"/>
/// without an answer in time, else what the broker said.
/// </summary>
public interface IConsumerStore : IStreamConsumers
{
    /// <summary>The consumer, or null where the stream has none of this name.</summary>
    Task<ConsumerInfo?> FindAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken);

    /// <summary>
    /// Creates the consumer; <see cref="ErrorKind.NotSupported"/> where the broker lacks a field. A push consumer gets a fresh deliver
    /// subject that nobody can guess.
    /// </summary>
    /// <returns>
    /// What the broker made of it; null where somebody else has defined one of this name differently in the meantime: read again.
    /// </returns>
    Task<ConsumerConfig?> TryCreateAsync(
        StreamName stream, ConsumerName name, ConsumerMode mode, ConsumerConfig config, CancellationToken cancellationToken);

    /// <summary>
    /// Changes what is not null of <see cref="ConsumerConfig.Changeable"/>; everything else, the deliver subject and what is not known here
    /// too, stays. A <see cref="ConsumerConfig.PauseUntil"/> pauses it, or resumes it where that is over.
    /// </summary>
    /// <returns>What the broker made of it; null where the consumer is gone or became another one in the meantime: read again.</returns>
    Task<ConsumerConfig?> TryUpdateAsync(
        StreamName stream, ConsumerName name, ConsumerMode mode, ConsumerConfig config, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the configuration: what is not named becomes JetStream's default; the deliver subject and group stay, and what is not known
    /// here. Without a <see cref="ConsumerConfig.PauseUntil"/> a paused consumer is resumed. <see cref="ErrorKind.NotSupported"/> where the
    /// broker lacks a field.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">The consumer.</param>
    /// <param name="config">What is named.</param>
    /// <param name="writing">Called before anything is written.</param>
    /// <param name="cancellationToken">Gives up before it is written.</param>
    /// <returns>What the broker made of it; null where the consumer is gone: read again.</returns>
    Task<ConsumerConfig?> TryReplaceAsync(
        StreamName stream, ConsumerName name, ConsumerConfig config, Action writing, CancellationToken cancellationToken);

    /// <summary>Deletes the consumer; <see cref="ErrorKind.NotFound"/> where there is none.</summary>
    Task DeleteAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken);
}
