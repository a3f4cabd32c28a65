namespace Httpmq.Domain.Errors;

/// <summary>
/// What is wrong with what a request says, whatever it asks for. Faults name the field as the client wrote it, and the value.
/// </summary>
public static class RequestErrorTypes
{
    public static readonly ErrorType InvalidRequest = new("invalid-request", ErrorKind.InvalidInput);
    public static readonly ErrorType InvalidStreamName = new("invalid-stream-name", ErrorKind.InvalidInput);
    public static readonly ErrorType InvalidConsumerName = new("invalid-consumer-name", ErrorKind.InvalidInput);
    public static readonly ErrorType InvalidSubject = new("invalid-subject", ErrorKind.InvalidInput);
}
