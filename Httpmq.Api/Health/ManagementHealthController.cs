using Httpmq.Api.OpenApi;
using Httpmq.Api.Http;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Health;

[ApiGroup(ApiGroup.ManagementName)]
[OpenApiTag("Health", Description = "Whether the process answers, and whether it can serve.")]
internal sealed class ManagementHealthController(
    IMediator mediator, IHostApplicationLifetime lifetime) : HealthController(mediator, lifetime)
{
    /// <summary>Whether the process answers.</summary>
    /// <response code="200">The process answers.</response>
    [HttpGet("/v1/admin/alive", Name = "Alive")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    public IActionResult Alive() => AnswerAlive();

    /// <summary>The status alone, as load balancers ask for it.</summary>
    [HttpHead("/v1/admin/alive")]
    [ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult HeadAlive() => AnswerAlive();

    /// <summary>Whether NATS with JetStream is reachable now: asked at each call, not remembered.</summary>
    /// <response code="200">The gateway can serve.</response>
    /// <response code="503">NATS or its JetStream cannot be reached at the moment, or the gateway stops.</response>
    [HttpGet("/v1/admin/ready", Name = "Ready")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(503)]
    public Task<IActionResult> Ready() => AnswerReadyAsync();

    /// <summary>The status alone, as load balancers ask for it.</summary>
    [HttpHead("/v1/admin/ready")]
    [ApiExplorerSettings(IgnoreApi = true)]
    public Task<IActionResult> HeadReady() => AnswerReadyAsync();
}
