using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Application.Health;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Health;

/// <summary>Health, the same on both ports: whether the process answers, and whether it can serve.</summary>
[ApiGroup(ApiGroup.ManagementName)]
[ApiGroup(ApiGroup.DataplaneName)]
[OpenToAll]
[OpenApiTag(Tags.Health)]
internal sealed class HealthController(IMediator mediator, IHostApplicationLifetime lifetime) : ApiController(mediator)
{
    /// <summary>Whether the process answers.</summary>
    /// <remarks>Liveness: nothing else is asked, and it is 200 without NATS as well. `HEAD` answers the status alone.</remarks>
    /// <response code="200">The process answers.</response>
    /// <response code="400">A parameter is not known, and `strict` says to refuse that.</response>
    [HttpGet($"/v1/[{ApiGroup.RootToken}]/alive", Name = "Alive")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400)]
    public IActionResult Alive() => Done();

    /// <summary>The status alone, as load balancers ask for it.</summary>
    [HttpHead($"/v1/[{ApiGroup.RootToken}]/alive")]
    [ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult HeadAlive() => Alive();

    /// <summary>Whether NATS with JetStream is reachable now: asked at each call, not remembered.</summary>
    /// <remarks>
    /// Readiness, for load balancers. In mode `all` the embedded server's store must be writable, too. `HEAD` answers the status alone.
    /// </remarks>
    /// <response code="200">The gateway can serve.</response>
    /// <response code="400">A parameter is not known, and `strict` says to refuse that.</response>
    /// <response code="503">NATS or its JetStream cannot be reached at the moment, or the gateway stops.</response>
    [HttpGet($"/v1/[{ApiGroup.RootToken}]/ready", Name = "Ready")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 503)]
    public async Task<IActionResult> Ready()
    {
        var error = lifetime.ApplicationStopping.IsCancellationRequested
            ? HttpErrors.Draining
            : await Mediator.Send(new CheckReadiness(), Aborted);
        return error is null ? Done() : Failed(error);
    }

    /// <summary>The status alone, as load balancers ask for it.</summary>
    [HttpHead($"/v1/[{ApiGroup.RootToken}]/ready")]
    [ApiExplorerSettings(IgnoreApi = true)]
    public Task<IActionResult> HeadReady() => Ready();
}
