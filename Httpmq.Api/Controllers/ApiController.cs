using System.Text.Json.Serialization.Metadata;
using Httpmq.Api.Contracts;
using Httpmq.Api.Errors;
using Httpmq.Api.Serialization;
using Httpmq.Domain.Errors;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Controllers;

/// <summary>What all controllers share: they send one request to the application and answer with what it returns.</summary>
internal abstract class ApiController(IMediator mediator) : ControllerBase
{
    protected IMediator Mediator { get; } = mediator;

    protected string RequestId => HttpContext.TraceIdentifier;

    protected CancellationToken Aborted => HttpContext.RequestAborted;

    protected IActionResult Done() => Json(new Answer { RequestId = RequestId }, ApiJson.Wire.Answer);

    protected static IActionResult Json<T>(T answer, JsonTypeInfo<T> type) => new AnswerResult<T>(answer, type);

    protected static IActionResult Failed(Error error) => new FailureResult(error);

    private sealed class FailureResult(Error error) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context)
        {
            ErrorResponses.Write(context.HttpContext, error);
            return Task.CompletedTask;
        }
    }
}
