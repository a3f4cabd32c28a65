using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using static Httpmq.Domain.Messages.PullErrorTypes;

namespace Httpmq.Domain.Messages;

/// <summary>Makes the errors of <see cref="PullErrorTypes"/>. A status is the text of NATS's status line.</summary>
public static class PullErrors
{
    /// <summary>What fails where a pull fails.</summary>
    public static Operation Operation(StreamName stream, ConsumerName consumer) =>
        new(OperationKind.Pull, stream.Value, consumer.Value);

    public static Error Push(Operation operation) => new(PushConsumer, operation);

    public static Error BadRequest(string status) => new(Invalid, null, ("status", status));

    /// <summary>A pull that names none of the consumer's priority groups.</summary>
    /// <param name="operation">The pull.</param>
    /// <param name="group">What it names; null: none.</param>
    /// <param name="groups">Those of the consumer.</param>
    public static Error Group(Operation operation, string? group, IReadOnlyList<string> groups) =>
        new(Invalid, operation, ("field", "group"), ("value", group), ("groups", groups));

    public static Error Bytes(long limit) => new(MessageTooLarge, null, ("limit", limit));

    public static Error Pin(string status) => new(WrongPin, null, ("status", status));

    /// <param name="status">What JetStream says; null: nothing, but the consumer shows it.</param>
    public static Error Waiting(string? status = null) => new(PullErrorTypes.TooMany, null, ("status", status));

    /// <summary>More waits for the clients of this gateway than may.</summary>
    public static Error Full(Operation operation) => new(NoRoom, operation);

    public static Error Broken(string status) => new(Interrupted, null, ("status", status));

    public static Error Silent() => new(Unanswered, null);
}
