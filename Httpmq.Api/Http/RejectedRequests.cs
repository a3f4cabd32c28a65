using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Httpmq.Api.Errors;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Api.Http;

/// <summary>
/// Requests that the server refuses before any middleware sees them: a path with %00, headers that are too large. Its answer is empty; this
/// gives it a request id and, over HTTP/1.1, the failure body of the contract, and the log its line. The server's one hook is this event,
/// which it writes to the <see cref="DiagnosticSource"/> of the host: to one of our own, so that whoever else writes such events finds
/// nobody listening.
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
            // There is no body to write to yet. What is written behind the head is sent when the server closes the connection, which it
            // does now. Over HTTP/2 it does not, and what the connection carries are frames, those of others as well.
            byte[] json = [];
            if (!HttpProtocol.IsHttp2(request.Protocol))
            {
                json = JsonSerializer.SerializeToUtf8Bytes(answer, AnswerJson.Wire.FailureAnswer);
                response.Headers.ContentType = "application/json";
                response.Headers.Connection = "close";
            }

            response.Headers[settings.RequestIdHeader] = id;
            response.Headers.ContentLength = json.Length;
            if (body.StartAsync().IsCompletedSuccessfully && json.Length > 0 && !HttpMethods.IsHead(request.Method))
            {
                output.Write(json);
            }

            // Neither is known where the first line could not be read to its end.
            if (_logger.IsEnabled(LogLevel.Information))
            {
                var (method, path) = (PlainText.Word(request.Method ?? string.Empty), PathOf(request.RawTarget ?? string.Empty));
                _logger.Access(method, path, rejection.StatusCode, json.Length, 0, id, AccessLogMiddleware.Nobody);
            }
        }
    }

    /// <summary>Without the query, and without a user and password in front of the host.</summary>
    private static string PathOf(string target)
    {
        var path = target.Split('?')[0];
        var host = path.IndexOf("://", StringComparison.Ordinal);
        if (host >= 0)
        {
            var start = path.IndexOf('/', host + "://".Length);
            path = start < 0 ? "/" : path[start..];
        }

        return path.StartsWith('/') ? PlainText.Word(new PathString(path)) : PlainText.Word(path);
    }
}
