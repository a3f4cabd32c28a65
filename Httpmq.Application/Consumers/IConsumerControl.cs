using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Consumers;

/// <summary>
/// What can be done with a consumer besides defining it. Every call throws <see cref="HttpmqException"/>:
/// <see cref="ErrorKind.NotSupported"/> where the broker lacks it, <see cref="ErrorKind.NotFound"/> for an unknown stream or consumer,
/// <see cref="ErrorKind.Unavailable"/> without a connection or JetStream, <see cref="ErrorKind.Timeout"/> without an answer in time, else
/// what the broker said.
/// </summary>
public interface IConsumerControl
{
    /// <summary>Stops deliveries until then; null, or a time that is over: they go on.</summary>
    Task<PauseState> PauseAsync(StreamName stream, ConsumerName consumer, DateTimeOffset? until, CancellationToken cancellationToken);

    /// <summary>
    /// Sets the consumer to another position: what was delivered is delivered again from there on, and consumer sequences begin at 1 again.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="sequence">The stream sequence of the next message; null: the first that is not acknowledged.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The stream sequence that it goes on from.</returns>
    Task<ulong> ResetAsync(StreamName stream, ConsumerName consumer, ulong? sequence, CancellationToken cancellationToken);

    /// <summary>Another subscriber of the priority group may be the one that is served.</summary>
    Task UnpinAsync(StreamName stream, ConsumerName consumer, string group, CancellationToken cancellationToken);
}
