using Httpmq.Application.Health;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Controllers;

/// <summary>Health, the same on both ports: whether the process answers, and whether it can serve.</summary>
internal abstract class HealthController(IMediator mediator) : ApiController(mediator)
{
    protected IActionResult AnswerAlive() => Done();

    protected async Task<IActionResult> AnswerReadyAsync() =>
        await Mediator.Send(new CheckReadiness(), Aborted) is { } error ? Failed(error) : Done();
}
