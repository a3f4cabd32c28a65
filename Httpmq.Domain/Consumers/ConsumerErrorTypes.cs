using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Consumers;

/// <summary>What goes wrong with consumers. What JetStream refuses has the types of <see cref="JetStreamErrorTypes"/>.</summary>
public static class ConsumerErrorTypes
{
    public static readonly ErrorType Differs = new("consumer-differs", ErrorKind.Conflict);
    public static readonly ErrorType NotDurable = new("consumer-not-durable", ErrorKind.Conflict);
    public static readonly ErrorType WithoutLeader = new("consumer-without-leader", ErrorKind.Unavailable);
    public static readonly ErrorType AckPolicy = new("ack-policy-not-explicit", ErrorKind.Conflict);
}
