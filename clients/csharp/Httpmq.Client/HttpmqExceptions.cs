namespace Httpmq.Client;

/// <summary>
/// A call failed. All exceptions of this library derive from it: the gateway refused (<see cref="HttpmqException{TResult}"/>), it could not
/// be reached (<see cref="HttpmqUnreachableException"/>), it ended a subscription (<see cref="HttpmqSubscriptionEndedException"/>), or a
/// delivery could not be settled (<see cref="HttpmqSettlementException"/>).
/// </summary>
public class HttpmqException : Exception
{
    private const int ShownLength = 200;

    private static readonly Dictionary<string, IEnumerable<string>> NoHeaders = [];

    /// <summary>An answer that is not the gateway's own, such as a proxy's.</summary>
    /// <param name="message">What is wrong with it.</param>
    /// <param name="statusCode">The HTTP status.</param>
    /// <param name="response">The body.</param>
    /// <param name="headers">The headers.</param>
    /// <param name="innerException">Why it could not be read, or null.</param>
    public HttpmqException(
        string message,
        int statusCode,
        string? response,
        IReadOnlyDictionary<string, IEnumerable<string>> headers,
        Exception? innerException)
        : this($"{statusCode}: {message}{Shown(response)}", error: null, innerException) =>
        (StatusCode, Response, Headers) = (statusCode, response, headers);

    private protected HttpmqException(string message, Error? error, Exception? innerException)
        : base(message, innerException) => (Error, StatusCode) = (error, error?.Code ?? 0);

    /// <summary>The HTTP status; 0 when no answer came.</summary>
    public int StatusCode { get; private protected init; }

    /// <summary>
    /// What the gateway said: code, message, detail, type. Null when it said nothing, or somebody else answered, such as a proxy.
    /// </summary>
    public Error? Error { get; }

    /// <summary>The id under which the gateway logged the request; null when no answer came.</summary>
    public string? RequestId { get; private protected init; }

    /// <summary>The body of the answer; null when no answer came, or it was read already.</summary>
    public string? Response { get; private protected init; }

    /// <summary>The headers of the answer; empty when no answer came.</summary>
    public IReadOnlyDictionary<string, IEnumerable<string>> Headers { get; private protected init; } = NoHeaders;

    private static string Shown(string? response) =>
        string.IsNullOrWhiteSpace(response)
            ? string.Empty
            : $" ({(response.Length > ShownLength ? response[..ShownLength] + "…" : response)})";
}

/// <summary>The gateway answered with a failure.</summary>
/// <typeparam name="TResult">What the answer holds.</typeparam>
public class HttpmqException<TResult> : HttpmqException
{
    /// <summary>The status, the message, the detail and the request id make the text.</summary>
    /// <param name="message">What the OpenAPI document says of the status: used where the answer says nothing itself.</param>
    /// <param name="statusCode">The HTTP status.</param>
    /// <param name="response">The body.</param>
    /// <param name="headers">The headers.</param>
    /// <param name="result">The body as an object.</param>
    /// <param name="innerException">Null.</param>
    public HttpmqException(
        string message,
        int statusCode,
        string? response,
        IReadOnlyDictionary<string, IEnumerable<string>> headers,
        TResult result,
        Exception? innerException)
        : base(Describe(message, statusCode, result), (result as FailureAnswer)?.Error, innerException) =>
        (Result, StatusCode, Response, Headers, RequestId) = (result, statusCode, response, headers, (result as FailureAnswer)?.RequestId);

    /// <summary>The answer.</summary>
    public TResult Result { get; }

    private static string Describe(string message, int statusCode, TResult result) => result is FailureAnswer { Error: { } error } failure
        ? $"{statusCode} {error.Message}: {error.Detail} (request id {failure.RequestId})"
        : $"{statusCode}: {message}";
}

/// <summary>
/// No answer came, or not all of it: the gateway cannot be reached, the connection was lost meanwhile, or the time-out of the
/// <see cref="HttpClient"/> passed. Whether the request took effect is not known then. The inner exception is the
/// <see cref="HttpRequestException"/> or the <see cref="TimeoutException"/>.
/// </summary>
public sealed class HttpmqUnreachableException : HttpmqException
{
    /// <summary>Nobody answered.</summary>
    /// <param name="gateway">The address that was tried.</param>
    /// <param name="innerException">What happened to the connection.</param>
    public HttpmqUnreachableException(Uri? gateway, Exception innerException)
        : base($"No answer from {gateway?.GetLeftPart(UriPartial.Authority)}: {innerException?.Message}", error: null, innerException) =>
        Gateway = gateway;

    /// <summary>The address that was tried.</summary>
    public Uri? Gateway { get; }
}

/// <summary>JetStream did not confirm a settlement, or the gateway refused it: <see cref="HttpmqException.Error"/> says why.</summary>
public sealed class HttpmqSettlementException : HttpmqException
{
    /// <summary>A settlement of which nothing was done.</summary>
    /// <param name="error">Why.</param>
    public HttpmqSettlementException(Error error)
        : base($"{error?.Code} {error?.Message}: {error?.Detail}", error, innerException: null)
    {
    }

    internal HttpmqSettlementException(SettleFailure failure, string? requestId = null)
        : this(new Error { Code = failure.Code, Message = failure.Message, Detail = failure.Detail, Type = failure.Type }) =>
        RequestId = requestId;
}

/// <summary>A subscription ended from the other side. Unless its consumer is gone, subscribing again goes on where it ended.</summary>
public sealed class HttpmqSubscriptionEndedException : HttpmqException
{
    /// <summary>The gateway said why: code 503 "Server stopping", or 404 when the consumer or the stream is gone.</summary>
    /// <param name="error">Its last line.</param>
    /// <param name="requestId">The id of the subscription's request.</param>
    public HttpmqSubscriptionEndedException(Error error, string? requestId = null)
        : base($"{error?.Code} {error?.Message}: {error?.Detail}{(requestId is null ? string.Empty : $" (request id {requestId})")}", error,
            innerException: null) =>
        RequestId = requestId;

    /// <summary>Nobody said why: <see cref="HttpmqException.Error"/> is null.</summary>
    /// <param name="message">What is known.</param>
    /// <param name="innerException">What happened to the connection, or null.</param>
    public HttpmqSubscriptionEndedException(string message, Exception? innerException)
        : base(message, error: null, innerException)
    {
    }
}
