using Httpmq.Domain.Errors;
using static Httpmq.Domain.Messages.AckErrorTypes;

namespace Httpmq.Domain.Messages;

/// <summary>Makes the errors of <see cref="AckErrorTypes"/>. The operation names stream, consumer and the message.</summary>
public static class AckErrors
{
    /// <param name="reason">What is wrong with what the client wrote; it names the field.</param>
    public static Error Malformed(string reason) => new(Invalid, null, ("reason", reason));

    /// <param name="count">How many the array has, or how many of them were read.</param>
    /// <param name="orMore">Whether the rest was not read.</param>
    /// <param name="most">How many it may have.</param>
    public static Error Count(int count, bool orMore, int most) =>
        new(WrongCount, null, ("count", count), ("or_more", orMore), ("limit", most));

    /// <param name="count">How many entries all verbs have together, or how many of them were read.</param>
    /// <param name="orMore">Whether the rest was not read.</param>
    /// <param name="most">How many they may have.</param>
    public static Error Entries(int count, bool orMore, int most) =>
        new(WrongEntryCount, null, ("count", count), ("or_more", orMore), ("limit", most));

    /// <summary>Neither the consumer nor anybody else knows of such a delivery.</summary>
    /// <param name="operation">What was being done.</param>
    /// <param name="delivery">As it was named.</param>
    /// <param name="mark">The last that the consumer was sent.</param>
    /// <param name="isOnlyCopy">Whether nats-server may have forgotten what it sent a moment before it was killed.</param>
    public static Error Beyond(Operation operation, in DeliverySequence delivery, in DeliverySequence mark, bool isOnlyCopy) =>
        delivery.Stream <= mark.Stream
            ? new(BeyondDeliveries, operation, ("delivery", delivery.Consumer), ("made", mark.Consumer), ("only_copy", isOnlyCopy))
            : new(
                AckErrorTypes.NeverSent,
                operation,
                ("swapped", delivery.Consumer <= mark.Stream && delivery.Stream <= mark.Consumer),
                ("only_copy", isOnlyCopy));

    public static Error NeverSent(Operation operation) => new(AckErrorTypes.NeverSent, operation);

    public static Error Other(Operation operation, in DeliverySequence delivery) =>
        new(AnotherMessage, operation, ("delivery", delivery.Consumer));

    public static Error Unknown(Operation operation) => new(NotKnownYet, operation);

    public static Error Unsent(Operation operation) => new(NotSent, operation);

    public static Error TimedOut(Operation operation) => new(AckErrorTypes.Timeout, operation);

    public static Error Lost(Operation operation) => new(Interrupted, operation);

    /// <param name="operation">What was being done.</param>
    /// <param name="isStream">Whether it was a stream that answered.</param>
    public static Error Foreign(Operation operation, bool isStream) => new(ForeignAnswer, operation, ("is_stream", isStream));
}
