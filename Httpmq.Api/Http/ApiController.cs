using System.Text.Json.Serialization.Metadata;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Http;

/// <summary>What all controllers share: they send one request to the application and answer with what it returns.</summary>
internal abstract class ApiController(IMediator mediator) : ControllerBase
{
    /// <summary>Sends without a limit of its own: for what asks JetStream once, which ends by itself.</summary>
    protected IMediator Mediator { get; } = mediator;

    /// <summary>Who asks: every request to the application is given it.</summary>
    protected Caller Caller => CallerMiddleware.CallerOf(HttpContext);

    protected string RequestId => HttpContext.TraceIdentifier;

    protected CancellationToken Aborted => HttpContext.RequestAborted;

    /// <summary>
    /// Sends what may ask JetStream several things, one after the other, and ends it in time however slowly each is answered.
    /// </summary>
    /// <param name="request">What is asked of the application.</param>
    /// <param name="abandon">Whether it may go on by itself when the time is over: only where nothing has to be cleaned up then.</param>
    protected async Task<TResponse> SendAsync<TResponse>(IRequest<TResponse> request, bool abandon = false)
    {
        using var limit = HttpContext.RequestServices.GetRequiredService<AnswerLimits>().Start(HttpContext);
        try
        {
            var sending = Mediator.Send(request, limit.Token);
            return await (abandon ? sending.WaitAsync(limit.Token) : sending);
        }
        catch (OperationCanceledException exception) when (limit.IsOver)
        {
            throw limit.TimedOut(exception);
        }
    }

    protected IActionResult Done(IReadOnlyList<string>? warnings = null) =>
        Json(new Answer { RequestId = RequestId, Warnings = warnings is { Count: > 0 } ? warnings : null }, AnswerJson.Wire.Answer);

    protected static IActionResult Json<T>(T answer, JsonTypeInfo<T> type) => new AnswerResult<T>(answer, type);

    protected static IActionResult Failed(Error error) => new FailureResult(error);

    /// <summary>For an action that a <see cref="HotEndpointAttribute"/> names: nobody calls it.</summary>
    protected static NotSupportedException ServedByEndpoint() => new("a hot endpoint serves this route");

    private sealed class FailureResult(Error error) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context)
        {
            ErrorResponses.Write(context.HttpContext, error);
            return Task.CompletedTask;
        }
    }
}
