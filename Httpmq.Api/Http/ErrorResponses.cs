using System.Globalization;
using Httpmq.Api.Errors;
using Httpmq.Api.Tracing;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Http;

/// <summary>The one table from kinds of failure to HTTP statuses, and the one way to answer one.</summary>
internal static class ErrorResponses
{
    /// <summary>Seconds after which a client may try again what was unavailable.</summary>
    private const string RetryAfterSeconds = "1";

    // RFC 6750, 3: the code only where something was shown.
    private const string Challenge = "Bearer realm=\"httpmq\"";
    private const string UnknownChallenge = $"{Challenge}, error=\"invalid_token\"";

    public static int StatusOf(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidInput => StatusCodes.Status400BadRequest,
        ErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorKind.Forbidden => StatusCodes.Status403Forbidden,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.MethodNotAllowed => StatusCodes.Status405MethodNotAllowed,
        ErrorKind.NotAcceptable => StatusCodes.Status406NotAcceptable,
        ErrorKind.TooSlow => StatusCodes.Status408RequestTimeout,
        ErrorKind.Conflict => StatusCodes.Status409Conflict,
        ErrorKind.PreconditionFailed => StatusCodes.Status412PreconditionFailed,
        ErrorKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorKind.Unsupported => StatusCodes.Status415UnsupportedMediaType,
        ErrorKind.Unprocessable => StatusCodes.Status422UnprocessableEntity,
        ErrorKind.UpgradeRequired => StatusCodes.Status426UpgradeRequired,
        ErrorKind.TooMany => StatusCodes.Status429TooManyRequests,
        ErrorKind.NotSupported => StatusCodes.Status501NotImplemented,
        ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorKind.Timeout => StatusCodes.Status504GatewayTimeout,
        ErrorKind.OutOfResources => StatusCodes.Status507InsufficientStorage,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>The error as it stands in every answer, line and outcome.</summary>
    public static ErrorContract Contract(Error error) => new(
        StatusOf(error.Kind), error.Message(), error.Detail(), error.Type.Slug, error["last_sequence"] as ulong?, error["index"] as int?);

    /// <summary>Answers with an error.</summary>
    /// <param name="context">The request.</param>
    /// <param name="error">What is wrong.</param>
    /// <param name="given">The status where the server has chosen one; null: that of the error's kind.</param>
    public static void Write(HttpContext context, Error error, int? given = null)
    {
        var status = given ?? StatusOf(error.Kind);
        var response = context.Response;
        response.StatusCode = status;
        if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            response.Headers.RetryAfter = error["retry_after"] is long seconds
                ? seconds.ToString(CultureInfo.InvariantCulture)
                : RetryAfterSeconds;
        }

        if (status is StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = error.Has("reason") ? UnknownChallenge : Challenge;
        }

        if (status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden)
        {
            context.RequestServices?.GetService<GatewayMetrics>()?.Refused(error);
        }
        else if (error.Type == HttpErrorTypes.RateLimited)
        {
            context.RequestServices?.GetService<GatewayMetrics>()?.RefusedByRate(error);
        }

        var leavesBody = status is StatusCodes.Status413PayloadTooLarge or StatusCodes.Status415UnsupportedMediaType
            or StatusCodes.Status408RequestTimeout;
        if (leavesBody && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            // The rest of the body is not read, so the connection cannot carry another request.
            response.Headers.Connection = "close";
        }

        if (status is StatusCodes.Status400BadRequest && context.Features.Get<RequestNotes>()?.AddTo(others: null) is { } warnings)
        {
            // What is missing is often what was misspelt.
            error = error.With("warnings", warnings);
        }

        RequestSpan.NoteError(context, error, status);
        AuditLog.Refuse(context, error, status);
        if (context.Features.Get<AuditNote>() is { } note)
        {
            note.Error = error;
        }

        VaryByAccept.Note(response);
        if (Problem.IsWanted(context.Request))
        {
            Problem.Write(response, error, status);
            return;
        }

        var answer = new FailureAnswer
        {
            Success = false,
            RequestId = context.TraceIdentifier,
            Error = Contract(error) with { Code = status },
        };
        AnswerWriter.Write(response, answer, AnswerJson.Wire.FailureAnswer);
    }
}
