using Httpmq.Domain.Errors;

namespace Httpmq.Api.Errors;

/// <summary>What is wrong with a batch or one of its records.</summary>
internal static class BatchErrorTypes
{
    public static readonly ErrorType InvalidRecord = new("invalid-record", ErrorKind.InvalidInput);
    public static readonly ErrorType RecordTooLong = new("record-too-long", ErrorKind.TooLarge);
    public static readonly ErrorType TooManyRecords = new("too-many-records", ErrorKind.InvalidInput);
    public static readonly ErrorType Empty = new("empty-batch", ErrorKind.InvalidInput);
    public static readonly ErrorType TooMany = new("too-many-open-batches", ErrorKind.TooMany);
}
