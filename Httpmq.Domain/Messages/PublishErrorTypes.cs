using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Messages;

/// <summary>Why a message was not stored, or why that is not known.</summary>
public static class PublishErrorTypes
{
    public static readonly ErrorType SubjectNotClaimed = new("subject-not-claimed", ErrorKind.NotFound);
    public static readonly ErrorType StreamWithoutLeader = new("stream-without-leader", ErrorKind.Unavailable);
    public static readonly ErrorType NotTaken = new("message-not-taken", ErrorKind.Unavailable);
    public static readonly ErrorType ForeignListener = new("foreign-listener", ErrorKind.Unavailable);
    public static readonly ErrorType TooManyWaiting = new("too-many-waiting", ErrorKind.Unavailable);
    public static readonly ErrorType ScheduleDiscarded = new("schedule-discarded", ErrorKind.Unprocessable);
    public static readonly ErrorType OutsideAtomicBatch = new("outside-atomic-batch", ErrorKind.Unprocessable);
    public static readonly ErrorType NotInAtomicBatch = new("not-in-atomic-batch", ErrorKind.InvalidInput);
    public static readonly ErrorType StoredWithoutBatch = new("stored-without-batch", ErrorKind.Internal);
    public static readonly ErrorType Timeout = new("publish-timeout", ErrorKind.Timeout);
    public static readonly ErrorType Interrupted = new("publish-interrupted", ErrorKind.Unavailable);
}
