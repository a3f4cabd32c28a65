namespace Httpmq.Domain.Messages;

/// <summary>What is known of a delivery beside its message.</summary>
/// <param name="Deliveries">How often the message was delivered to the consumer, this time included: from 1.</param>
/// <param name="Pending">Messages of the consumer that were still to be delivered at that time.</param>
/// <param name="Time">When the message was stored, in nanoseconds since 1970, UTC.</param>
public readonly record struct DeliveryDetails(ulong Deliveries, ulong Pending, long Time);
