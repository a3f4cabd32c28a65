using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Application.Subscriptions;

/// <summary>Opens the broker's side of subscriptions.</summary>
public interface IDeliverySourceFactory
{
    /// <summary>
    /// Starts to receive what the consumer delivers. Throws <see cref="HttpmqException"/> where that cannot start.
    /// </summary>
    /// <param name="consumer">The consumer as it was just read.</param>
    /// <param name="maxInflight">For a pull consumer: messages asked for ahead of the subscriber, at most.</param>
    /// <param name="credit">For a pull consumer: what the subscriber takes, and no more is asked for; null: any number.</param>
    /// <param name="cancellationToken">Gives up opening; an open source does not listen to it.</param>
    Task<IDeliverySource> OpenAsync(
        ConsumerInfo consumer, int maxInflight, DeliveryCredit? credit, CancellationToken cancellationToken);
}

/// <summary>
/// What one subscriber receives, in order. One reader at a time. It outlives reconnects to the broker; disposing it
/// tells the broker at once that this subscriber is gone.
/// </summary>
public interface IDeliverySource : IAsyncDisposable
{
    /// <summary>The stream that the deliveries come from.</summary>
    string Stream { get; }

    /// <summary>The consumer that sends them.</summary>
    string Consumer { get; }

    /// <summary>Why it ended; null while it goes on. What was received before is still there to drain.</summary>
    Error? End { get; }

    /// <summary>
    /// Waits until there is something to drain, the source ended, or <see cref="Wake"/> was called.
    /// It takes no token, so that waiting allocates nothing: whoever cancels calls <see cref="Wake"/>.
    /// </summary>
    /// <param name="held">The subscriber takes nothing now: what is ready to drain does not end the wait; what arrives may.</param>
    ValueTask WaitAsync(bool held = false);

    /// <summary>Ends the current or next wait, from any thread.</summary>
    void Wake();

    /// <summary>Hands what is ready to the sink, without waiting.</summary>
    /// <param name="sink">Takes the deliveries, in order.</param>
    /// <param name="budget">Stops after so many bytes of the sink's own counting.</param>
    /// <returns>The number of deliveries handed over.</returns>
    int Drain(IDeliverySink sink, int budget);
}

/// <summary>Takes deliveries as they are drained: nothing is kept, so nothing is allocated.</summary>
public interface IDeliverySink
{
    /// <summary>Whether details are read for it; otherwise they are all 0.</summary>
    bool WantsDetails { get; }

    /// <summary>Writes one delivery, whose bytes are valid during this call only.</summary>
    /// <returns>The bytes written, for the budget.</returns>
    int Write(in Delivery delivery);
}
