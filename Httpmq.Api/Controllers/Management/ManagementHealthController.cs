using Httpmq.Api.Contracts;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Controllers.Management;

internal sealed class ManagementHealthController(IMediator mediator, IHostApplicationLifetime lifetime) : HealthController(mediator, lifetime)
{
    /// <summary>Whether the process answers.</summary>
    [HttpGet("/v1/admin/alive")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    public IActionResult Alive() => AnswerAlive();

    /// <summary>Whether NATS with JetStream is reachable now: asked at each call, not remembered.</summary>
    [HttpGet("/v1/admin/ready")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [ProducesResponseType<FailureAnswer>(StatusCodes.Status503ServiceUnavailable)]
    public Task<IActionResult> Ready() => AnswerReadyAsync();
}
