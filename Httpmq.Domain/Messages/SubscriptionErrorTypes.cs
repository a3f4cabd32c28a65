using Httpmq.Domain.Errors;

namespace Httpmq.Domain.Messages;

/// <summary>Why a subscription was not opened, or ended.</summary>
public static class SubscriptionErrorTypes
{
    public static readonly ErrorType AlreadyBound = new("consumer-already-bound", ErrorKind.Conflict);
    public static readonly ErrorType OtherGroup = new("delivery-group-differs", ErrorKind.InvalidInput);
    public static readonly ErrorType SubjectNotFiltered = new("subject-not-of-consumer", ErrorKind.InvalidInput);
    public static readonly ErrorType SubjectOutsideStream = new("subject-not-of-stream", ErrorKind.InvalidInput);
    public static readonly ErrorType ConsumerDeleted = new("consumer-deleted", ErrorKind.NotFound);
    public static readonly ErrorType ConsumerReplaced = new("consumer-replaced", ErrorKind.NotFound);
    public static readonly ErrorType StreamDeleted = new("stream-deleted", ErrorKind.NotFound);
    public static readonly ErrorType ConsumerHeld = new("consumer-held-by-another", ErrorKind.Conflict);
    public static readonly ErrorType BecamePush = new("consumer-became-push", ErrorKind.Conflict);
    public static readonly ErrorType PullRefused = new("pull-refused", ErrorKind.Conflict);
    public static readonly ErrorType TooSlow = new("subscriber-too-slow", ErrorKind.TooMany);
    public static readonly ErrorType TooMany = new("too-many-subscriptions", ErrorKind.TooMany);
    public static readonly ErrorType NotPermittedByNats = new("subscription-not-permitted", ErrorKind.Conflict);
    public static readonly ErrorType Broken = new("subscription-broken", ErrorKind.Internal);
}
