using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Settling;

/// <summary>Tells JetStream what became of deliveries.</summary>
public interface IMessageAcknowledger
{
    /// <summary>
    /// Tells what became of one delivery and waits until JetStream confirmed it. Works on any instance, whoever delivered the message.
    /// What is known not to be a delivery of this consumer is refused, and nothing is touched: on some server versions passing such
    /// an acknowledgement on destroys messages (docs/adr/0001-stateless-confirmed-acknowledgements.md).
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="delivery">The delivery's sequences, both at least 1.</param>
    /// <param name="settlement">What is said; valid.</param>
    /// <param name="timeLimit">Shared by all deliveries of one request; null: 2 s for this one.</param>
    /// <param name="cancellationToken">Gives up waiting; what was sent cannot be called back.</param>
    /// <returns>
    /// Null when confirmed, also for the second time; <see cref="ErrorKind.NotFound"/> for an unknown stream or consumer or a
    /// delivery that it never made; <see cref="ErrorKind.Unavailable"/> when that is not certain, because another leader may not
    /// know the delivery yet, or when it could not be sent; <see cref="ErrorKind.Timeout"/> when it is not known;
    /// <see cref="ErrorKind.NotSupported"/> for a reason that the server does not take. Of a message that does not wait for it any more
    /// every settlement is confirmed and changes nothing.
    /// </returns>
    ValueTask<Error?> SettleAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        Settlement settlement,
        AckTimeLimit? timeLimit,
        CancellationToken cancellationToken);

    /// <summary>Learns about a consumer what its deliveries then need not ask one by one.</summary>
    /// <returns>Null, or why none of its deliveries can be acknowledged.</returns>
    ValueTask<Error?> PrepareAsync(StreamName stream, ConsumerName consumer, CancellationToken cancellationToken);

    /// <summary>What fails where this fails.</summary>
    static Operation Operation(StreamName stream, ConsumerName consumer, DeliverySequence delivery) =>
        new(OperationKind.Acknowledge, stream.Value, consumer.Value, Sequence: delivery.Stream);
}

/// <summary>
/// How long one request waits for a consumer's new leader to learn of the last deliveries of the one before it. All that one request
/// waits, however many deliveries it names: the first one that has to wait starts it.
/// </summary>
public sealed class AckTimeLimit(TimeProvider time)
{
    /// <summary>How long a new leader gets to send again what it does not know to have been sent.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(2);

    private long _started;

    /// <summary>When the request came, as a timestamp: what was asked of a consumer since then holds for all its deliveries.</summary>
    public long Began { get; } = time.GetTimestamp();

    /// <summary>What is left of it; starts it.</summary>
    public TimeSpan Start()
    {
        var now = time.GetTimestamp();
        var started = Interlocked.CompareExchange(ref _started, now, 0);
        return started == 0 ? Length : Length - time.GetElapsedTime(started, now);
    }
}
