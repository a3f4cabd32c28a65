using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Messages;

/// <summary>Why a delivery was not acknowledged, or why that is not known.</summary>
public static class AckErrorTypes
{
    public static readonly ErrorType Invalid = new("invalid-acknowledgement", ErrorKind.InvalidInput);
    public static readonly ErrorType WrongCount = new("wrong-ack-count", ErrorKind.InvalidInput);
    public static readonly ErrorType WrongEntryCount = new("wrong-entry-count", ErrorKind.InvalidInput);
    public static readonly ErrorType NeverSent = new("ack-never-sent", ErrorKind.NotFound);
    public static readonly ErrorType BeyondDeliveries = new("ack-beyond-deliveries", ErrorKind.NotFound);
    public static readonly ErrorType AnotherMessage = new("ack-another-message", ErrorKind.NotFound);
    public static readonly ErrorType NotKnownYet = new("ack-not-known-yet", ErrorKind.Unavailable);
    public static readonly ErrorType NotSent = new("ack-not-sent", ErrorKind.Unavailable);
    public static readonly ErrorType Timeout = new("ack-timeout", ErrorKind.Timeout);
    public static readonly ErrorType Interrupted = new("ack-interrupted", ErrorKind.Unavailable);
    public static readonly ErrorType ForeignAnswer = new("foreign-ack-answer", ErrorKind.Internal);
}
