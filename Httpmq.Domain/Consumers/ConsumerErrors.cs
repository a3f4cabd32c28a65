using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using static Httpmq.Domain.Consumers.ConsumerErrorTypes;

namespace Httpmq.Domain.Consumers;

/// <summary>Makes the errors of <see cref="ConsumerErrorTypes"/>, and those of JetStream that the gateway finds by itself.</summary>
public static class ConsumerErrors
{
    /// <summary>With JetStream's words and code, as where it says so itself.</summary>
    public static Error NotFound(StreamName stream, ConsumerName consumer) => new(
        JetStreamErrorTypes.ConsumerNotFoundType,
        null,
        ("stream", stream.Value),
        ("consumer", consumer.Value),
        ("err_code", 10014),
        ("description", "consumer not found"));

    public static Error Different(ConsumerInfo consumer, string field, string current, string wanted) => new(
        Differs,
        null,
        ("stream", consumer.StreamName),
        ("consumer", consumer.Name),
        ("field", field),
        ("current", current),
        ("wanted", wanted));

    public static Error Ephemeral(Operation operation) => new(NotDurable, operation);

    public static Error NoLeader(Operation operation) => new(WithoutLeader, operation);

    public static Error OtherPolicy(Operation operation, string? policy) => new(AckPolicy, operation, ("policy", policy));

    public static Error FilterOutside(Operation operation, string filter, IReadOnlyList<string> subjects) => new(
        JetStreamErrorTypes.FilterOutsideStreamType,
        operation,
        ("filter", filter),
        ("subjects", subjects));
}
