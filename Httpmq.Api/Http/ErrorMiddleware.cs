using Httpmq.Api.Errors;
using Httpmq.Api.Tracing;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Httpmq.Api.Http;

/// <summary>Answers what a request threw, and gives the framework's empty 404 and 405 the failure body of the contract.</summary>
internal sealed class ErrorMiddleware(RequestDelegate next, RouteAdvice advice, ILogger<ErrorMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response is { ContentLength: null, ContentType: null })
            {
                AnswerEmpty(context);
            }
        }
        catch (HttpmqException exception) when (!context.Response.HasStarted)
        {
            ErrorResponses.Write(context, exception.Error);
            if (exception.Error.Kind is ErrorKind.TooLarge or ErrorKind.Unsupported)
            {
                await RejectedBody.LingerAsync(context);
            }
        }
        catch (Exception exception) when (!context.Response.HasStarted && MalformedBody.Describe(exception) is { } detail)
        {
            if (HttpProtocol.IsHttp11(context.Request.Protocol))
            {
                // What follows cannot be told from the body.
                context.Response.Headers.Connection = "close";
            }

            var status = (exception as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
            ErrorResponses.Write(context, HttpErrors.Rejected(status, detail), status);
        }
        catch (Exception exception) when (IsClientGone(context, exception))
        {
            if (logger.IsEnabled(LogLevel.Debug))
            {
                var (method, path, id, principal) = Describe(context);
                logger.ClientGone(method, path, exception.Message, id, principal);
            }

            if (!context.Response.HasStarted)
            {
                // For the access log alone: nobody is there to read it.
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            }

            // Else the server would look for a next request behind a body that has no end, and complain at length.
            if (HttpProtocol.IsHttp11(context.Request.Protocol))
            {
                context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            }

            context.Abort();
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            var (method, path, id, principal) = Describe(context);
            if (RequestSpan.TraceIdOf(context) is { } trace)
            {
                logger.TracedRequestFailed(exception, method, path, id, principal, trace);
            }
            else
            {
                logger.RequestFailed(exception, method, path, id, principal);
            }

            ErrorResponses.Write(context, HttpErrors.Failed);
        }
    }

    private static (string Method, string Path, string RequestId, string Principal) Describe(HttpContext context) => (
        PlainText.Word(context.Request.Method),
        PlainText.Word(context.Request.Path),
        PlainText.Word(context.TraceIdentifier),
        AccessLogMiddleware.PrincipalOf(context));

    /// <summary>A reset may be noticed by whoever reads the body before the request's token hears of it.</summary>
    private static bool IsClientGone(HttpContext context, Exception exception) =>
        context.RequestAborted.IsCancellationRequested
        || exception is ConnectionResetException or ConnectionAbortedException
            or OperationCanceledException { InnerException: ConnectionResetException or ConnectionAbortedException }
        || (exception is BadHttpRequestException bad && MalformedBody.IsEndOfConnection(bad))
        || (exception is IOException && RejectedBody.IsBroken(context.Request));

    private void AnswerEmpty(HttpContext context)
    {
        var request = context.Request;
        switch (context.Response.StatusCode)
        {
            case StatusCodes.Status404NotFound when advice.IsVisitToTheRoot(request):
                context.Response.Redirect(advice.Documentation);
                break;
            case StatusCodes.Status404NotFound:
                ErrorResponses.Write(context, HttpErrors.NoRoute(advice.Describe(request)));
                break;
            case StatusCodes.Status405MethodNotAllowed:
                // CONNECT is how HTTP/2 carries a WebSocket, which whoever is told of GET asks for by itself.
                var allowed = context.Response.Headers.Allow.ToString().Replace("CONNECT, ", string.Empty, StringComparison.Ordinal);
                context.Response.Headers.Allow = allowed;
                ErrorResponses.Write(context, HttpErrors.Method(request.Method, $"{request.Path}", allowed));
                break;
        }
    }
}
