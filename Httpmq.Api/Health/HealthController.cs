using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Application.Health;
using Httpmq.Domain.Errors;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Health;

/// <summary>Health, the same on both ports: whether the process answers, and whether it can serve.</summary>
internal abstract class HealthController(IMediator mediator, IHostApplicationLifetime lifetime) : ApiController(mediator)
{
    protected IActionResult AnswerAlive() => Done();

    protected async Task<IActionResult> AnswerReadyAsync()
    {
        var error = lifetime.ApplicationStopping.IsCancellationRequested
            ? HttpErrors.Draining
            : await Mediator.Send(new CheckReadiness(), Aborted);
        return error is null ? Done() : Failed(error);
    }
}
