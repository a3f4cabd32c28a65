using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Application.Subscriptions;

/// <summary>Asks pull consumers for messages, once for each call.</summary>
public interface IPullFactory
{
    /// <summary>Asks. Throws <see cref="HttpmqException"/> where that cannot start.</summary>
    /// <param name="consumer">The pull consumer as it was just read.</param>
    /// <param name="options">What is asked for; valid.</param>
    /// <param name="cancellationToken">Gives up opening; an open pull does not listen to it.</param>
    Task<IPull> OpenAsync(ConsumerInfo consumer, PullOptions options, CancellationToken cancellationToken);
}

/// <summary>
/// What one pull brings. Disposing it gives back to the broker at once what came and was not drained, so that others get it.
/// </summary>
public interface IPull : IAsyncDisposable
{
    /// <summary>The stream that the messages come from.</summary>
    string Stream { get; }

    /// <summary>The consumer that sends them.</summary>
    string Consumer { get; }

    /// <summary>Whether there is something to drain.</summary>
    bool HasMessages { get; }

    /// <summary>
    /// Waits until all that were asked for are here, until JetStream has no more or the time is over, or until half of the consumer's
    /// <c>ack_wait</c> has passed since the first one came: whoever gets it has to have time for it.
    /// </summary>
    /// <param name="stop">Ends it early, with what is here; it does not throw then.</param>
    /// <returns>Why nothing is here; null where something is, or nothing came in time.</returns>
    Task<Error?> CompleteAsync(CancellationToken stop);

    /// <inheritdoc cref="IDeliverySource.Drain"/>
    int Drain(IDeliverySink sink, int budget);
}
