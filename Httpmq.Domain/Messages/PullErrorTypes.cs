using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Messages;

/// <summary>Why a pull brought nothing. That of a subscription which ended may be the reason as well.</summary>
public static class PullErrorTypes
{
    public static readonly ErrorType PushConsumer = new("consumer-is-push", ErrorKind.Conflict);
    public static readonly ErrorType Invalid = new("pull-invalid", ErrorKind.InvalidInput);
    public static readonly ErrorType MessageTooLarge = new("pull-max-bytes-too-small", ErrorKind.Conflict);
    public static readonly ErrorType WrongPin = new("pull-wrong-pin", ErrorKind.Conflict);
    public static readonly ErrorType TooMany = new("too-many-pulls", ErrorKind.TooMany);
    public static readonly ErrorType NoRoom = new("pull-no-room", ErrorKind.TooMany);
    public static readonly ErrorType Interrupted = new("pull-interrupted", ErrorKind.Unavailable);
    public static readonly ErrorType Unanswered = new("pull-unanswered", ErrorKind.Unavailable);
}
