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
