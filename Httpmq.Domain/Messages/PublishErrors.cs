using Httpmq.Domain.Errors;
using static Httpmq.Domain.Messages.PublishErrorTypes;

namespace Httpmq.Domain.Messages;

/// <summary>Makes the errors of <see cref="PublishErrorTypes"/>.</summary>
public static class PublishErrors
{
    public static Error NoStream(Operation operation) => new(SubjectNotClaimed, operation);

    public static Error NoLeader(Operation operation, string stream) => new(StreamWithoutLeader, operation, ("stream", stream));

    /// <param name="operation">What was being done.</param>
    /// <param name="cause">Why it is not known; null: JetStream did not say.</param>
    public static Error Untaken(Operation operation, Error? cause) => new(NotTaken, operation, ("cause", cause));

    public static Error Overheard(Operation operation) => new(ForeignListener, operation);

    /// <summary>Of publishes and of acknowledgements, which wait in the same place.</summary>
    public static Error Full(Operation operation) => new(TooManyWaiting, operation);

    /// <summary>The stream keeps what a consumer wants, and none wants the schedule.</summary>
    public static Error Discarded(Operation operation, string stream) => new(ScheduleDiscarded, operation, ("stream", stream));

    /// <summary>A message of an atomic batch that goes to another stream than the first one, or to none.</summary>
    public static Error OutsideBatch(Operation operation, string stream) => new(OutsideAtomicBatch, operation, ("stream", stream));

    /// <summary>A header that a message of an atomic batch cannot have.</summary>
    public static Error NotInBatch(string header, string reason) => new(NotInAtomicBatch, null, ("field", header), ("reason", reason));

    /// <summary>A message of an atomic batch whose stream is another one than it expects.</summary>
    public static Error OtherStream(Operation operation, string wanted, string current) =>
        new(JetStreamErrorTypes.WrongStreamType, operation, ("wanted", wanted), ("current", current));

    /// <summary>A server that knows no batches has stored a message of one.</summary>
    public static Error StoredAlone(Operation operation) => new(StoredWithoutBatch, operation);

    public static Error TimedOut(Operation operation) => new(PublishErrorTypes.Timeout, operation);

    public static Error Lost(Operation operation) => new(Interrupted, operation);

    /// <param name="operation">What was being done.</param>
    /// <param name="size">The message's, in bytes.</param>
    /// <param name="limit">What is taken, in bytes.</param>
    public static Error TooLarge(Operation operation, long size, int limit) =>
        new(JetStreamErrorTypes.MessageTooLargeType, operation, ("size", size), ("limit", limit));

    /// <summary>As <see cref="TooLarge(Operation, long, int)"/>, of a message that was not read to its end.</summary>
    public static Error TooLarge(int limit) => new(JetStreamErrorTypes.MessageTooLargeType, null, ("limit", limit));
}
