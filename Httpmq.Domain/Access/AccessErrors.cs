using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>Makes the errors of <see cref="AccessErrorTypes"/>.</summary>
public static class AccessErrors
{
    public static Error Publish(Caller caller, Subject subject) =>
        new(AccessErrorTypes.NotPermitted, null, ("caller", caller.Name), ("action", "publish"), ("subject", subject.Value));

    public static Error Consume(Caller caller, StreamName stream, ConsumerName consumer) => new(
        AccessErrorTypes.NotPermitted,
        null,
        ("caller", caller.Name),
        ("action", "consume"),
        ("stream", stream.Value),
        ("consumer", consumer.Value));

    public static Error Manage(Caller caller, StreamName stream) => OfStream(caller, "manage", stream);

    public static Error See(Caller caller, StreamName stream) => OfStream(caller, "see", stream);

    private static Error OfStream(Caller caller, string action, StreamName stream) =>
        new(AccessErrorTypes.NotPermitted, null, ("caller", caller.Name), ("action", action), ("stream", stream.Value));
}
