using Httpmq.Domain.Errors;

namespace Httpmq.Api.Http;

/// <summary>The one table from kinds of failure to HTTP statuses, and the one way to answer one.</summary>
internal static class ErrorResponses
{
    /// <summary>Seconds after which a client may try again what was unavailable.</summary>
    private const string RetryAfterSeconds = "1";

    public static int StatusOf(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidInput => StatusCodes.Status400BadRequest,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.Conflict => StatusCodes.Status409Conflict,
        ErrorKind.PreconditionFailed => StatusCodes.Status412PreconditionFailed,
        ErrorKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorKind.Unsupported => StatusCodes.Status415UnsupportedMediaType,
        ErrorKind.TooMany => StatusCodes.Status429TooManyRequests,
        ErrorKind.NotSupported => StatusCodes.Status501NotImplemented,
        ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorKind.Timeout => StatusCodes.Status504GatewayTimeout,
        ErrorKind.OutOfResources => StatusCodes.Status507InsufficientStorage,
        _ => StatusCodes.Status500InternalServerError,
    };

    public static void Write(HttpContext context, Error error) =>
        Write(context, StatusOf(error.Kind), error.Message, error.Detail);

    public static void Write(HttpContext context, int status, string message, string detail)
    {
        var response = context.Response;
        response.StatusCode = status;
        if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            response.Headers.RetryAfter = RetryAfterSeconds;
        }

        if (status is StatusCodes.Status413PayloadTooLarge or StatusCodes.Status415UnsupportedMediaType or StatusCodes.Status408RequestTimeout && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            // The rest of the body is not read, so the connection cannot carry another request.
            response.Headers.Connection = "close";
        }

        if (status is StatusCodes.Status400BadRequest && context.Features.Get<RequestNotes>()?.AddTo(others: null) is { } warnings)
        {
            // What is missing is often what was misspelt.
            detail = $"{detail}; {string.Join("; ", warnings)}";
        }

        var answer = new FailureAnswer
        {
            Success = false,
            RequestId = context.TraceIdentifier,
            Error = new ErrorContract(status, message, detail),
        };
        AnswerWriter.Write(response, answer, AnswerJson.Wire.FailureAnswer);
    }
}
