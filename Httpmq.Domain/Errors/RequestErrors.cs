namespace Httpmq.Domain.Errors;

/// <summary>Makes the errors of <see cref="RequestErrorTypes"/>.</summary>
public static class RequestErrors
{
    /// <summary>What is wrong with the request, all of it.</summary>
    public static Error Invalid(params IReadOnlyList<InvalidValue> values) =>
        new(RequestErrorTypes.InvalidRequest, null, ("values", values));

    /// <param name="value">What the client wrote; null: nothing.</param>
    /// <param name="reason">The rule's own sentence, which names the field.</param>
    public static Error StreamName(string? value, string reason) =>
        new(RequestErrorTypes.InvalidStreamName, null, ("field", "stream"), ("value", value), ("reason", reason));

    /// <inheritdoc cref="StreamName"/>
    public static Error ConsumerName(string? value, string reason) =>
        new(RequestErrorTypes.InvalidConsumerName, null, ("field", "consumer"), ("value", value), ("reason", reason));

    /// <param name="field">Where the client wrote it.</param>
    /// <param name="value">What it wrote.</param>
    /// <param name="reason">What is wrong, as a sentence about the value.</param>
    public static Error Subject(string field, string? value, string reason) =>
        new(RequestErrorTypes.InvalidSubject, null, ("field", field), ("value", value), ("reason", reason));
}
