using Httpmq.Api.Errors;
using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Api.Http;

/// <summary>
/// Requests of HTTP/1.1 that the server refuses before any middleware sees them: a path with %00, headers that are too large. Its answer is
/// empty; this gives it the failure body of the contract, and the log its line. The server's one hook is this event, which it writes to the
/// <see cref="DiagnosticSource"/> of the host: to one of our own, so that whoever else writes such events finds nobody listening.
/// </summary>
internal sealed class RejectedRequests(ApiServerSettings settings, ILoggerFactory loggers) : DiagnosticSource
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private readonly ILogger _logger = loggers.CreateLogger(AccessLogMiddleware.Category);

    public override bool IsEnabled(string name) => string.Equals(name, BadRequest, StringComparison.Ordinal);

    public override void Write(string name, object? value)
    {
        // Within a body it may be that the answer was sent before.
        if (value is IFeatureCollection features
            && features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException rejection
            && features.Get<IHttpRequestFeature>() is { } request
            && features.Get<IHttpResponseFeature>() is { HasStarted: false } response
            && features.Get<IHttpResponseBodyFeature>() is { } body
            && features.Get<IConnectionTransportFeature>()?.Transport.Output is { } output)
        {
            var id = RequestIdMiddleware.NewId();
            var error = HttpErrors.Rejected(rejection.StatusCode, KestrelText.Describe(rejection));
            var answer = new FailureAnswer
            {
                Success = false,
                RequestId = id,
                Error = ErrorResponses.Contract(error) with { Code = rejection.StatusCode },
            };
            var json = JsonSerializer.SerializeToUtf8Bytes(answer, AnswerJson.Wire.FailureAnswer);
            response.Headers[settings.RequestIdHeader] = id;
            response.Headers.ContentType = "application/json";
            response.Headers.ContentLength = json.Length;
            response.Headers.Connection = "close";

            // There is no body to write to yet. What is written behind the head is sent when the server closes the connection, which it
            // does now.
            if (body.StartAsync().IsCompletedSuccessfully && !HttpMethods.IsHead(request.Method))
            {
                output.Write(json);
            }

            // Neither is known where the first line could not be read to its end.
            _logger.Access(OrDash(request.Method), OrDash(request.RawTarget?.Split('?')[0]), rejection.StatusCode, json.Length, 0, id);
        }
    }

    private static string OrDash(string? text) => string.IsNullOrEmpty(text) ? "-" : text;
}
