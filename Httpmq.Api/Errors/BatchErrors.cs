using Httpmq.Domain.Errors;

namespace Httpmq.Api.Errors;

/// <summary>Makes the errors of <see cref="BatchErrorTypes"/>.</summary>
internal static class BatchErrors
{
    /// <summary>A batch without a record.</summary>
    public static readonly Error Empty = new(BatchErrorTypes.Empty, null);

    public static readonly Error TooLong = new(BatchErrorTypes.RecordTooLong, null);

    /// <summary>More than an atomic batch has.</summary>
    public static Error TooManyRecords(int limit) => new(BatchErrorTypes.TooManyRecords, null, ("limit", limit));

    private static readonly Operation Reading = new(OperationKind.ReadRecord);

    /// <summary>As many are open as may be.</summary>
    public static Error Full(int limit) => new(BatchErrorTypes.TooMany, null, ("limit", limit));

    /// <summary>
    /// A whole record, or a field that is not there or has no value to show. Kept where it is always the same: a batch may have many.
    /// </summary>
    public static Error Invalid(string reason) => new(BatchErrorTypes.InvalidRecord, null, ("reason", reason));

    public static Error Invalid(string field, string? value, string reason) =>
        new(BatchErrorTypes.InvalidRecord, null, ("field", field), ("value", value), ("reason", reason));

    public static Error TooLarge(string field, long size, int limit) =>
        new(JetStreamErrorTypes.MessageTooLargeType, Reading, ("field", field), ("size", size), ("limit", limit));
}
