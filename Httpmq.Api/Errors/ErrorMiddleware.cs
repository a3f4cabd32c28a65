using Httpmq.Api.Hosting;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Connections;

namespace Httpmq.Api.Errors;

/// <summary>Answers what a request threw, and gives the framework's empty 404 and 405 the failure body of the contract.</summary>
internal sealed class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
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
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            ErrorResponses.Write(context, exception.StatusCode, "Malformed request", exception.Message);
        }
        catch (Exception exception) when (exception is ConnectionResetException || context.RequestAborted.IsCancellationRequested)
        {
            // A reset may be noticed by whoever reads the body before the request's token hears of it.
            logger.ClientGone(context.Request.Method, context.Request.Path, exception.Message);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            logger.RequestFailed(exception, context.Request.Method, context.Request.Path, context.TraceIdentifier);
            ErrorResponses.Write(context, StatusCodes.Status500InternalServerError, "Internal error", "the gateway failed; its log has the request id");
        }
    }

    private static void AnswerEmpty(HttpContext context)
    {
        var request = context.Request;
        switch (context.Response.StatusCode)
        {
            case StatusCodes.Status404NotFound:
                ErrorResponses.Write(context, StatusCodes.Status404NotFound, "Not found", $"no route {request.PathBase}{request.Path}");
                break;
            case StatusCodes.Status405MethodNotAllowed:
                ErrorResponses.Write(
                    context,
                    StatusCodes.Status405MethodNotAllowed,
                    "Method not allowed",
                    $"{request.Method} is not for {request.Path}; allowed: {context.Response.Headers.Allow}");
                break;
        }
    }
}
