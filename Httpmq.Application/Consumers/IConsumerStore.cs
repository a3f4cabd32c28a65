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
    /// Creates the consumer; a push consumer gets a fresh deliver subject that nobody can guess. False where somebody else has
    /// defined one of this name differently in the meantime: look again.
    /// </summary>
    Task<bool> TryCreateAsync(StreamName stream, ConsumerSpec spec, CancellationToken cancellationToken);

    /// <summary>
    /// Changes inflight limit, deliveries, ack wait and notes; everything else, the deliver subject too, stays. False where the
    /// consumer is gone or became another one in the meantime: look again.
    /// </summary>
    Task<bool> TryUpdateAsync(StreamName stream, ConsumerSpec spec, CancellationToken cancellationToken);

    /// <summary>Deletes the consumer; <see cref="ErrorKind.NotFound"/> where there is none.</summary>
    Task DeleteAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken);
}
