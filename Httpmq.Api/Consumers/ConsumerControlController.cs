using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Application.Consumers;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Consumers;

[ApiGroup(ApiGroup.ManagementName)]
[OpenApiTag(Tags.Consumers)]
internal sealed class ConsumerControlController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>Pauses a consumer: it delivers nothing until a time.</summary>
    /// <remarks>
    /// Subscribers stay, and messages come again by themselves when the time is over. Needs nats-server 2.11.
    /// </remarks>
    /// <response code="200">Whether it is paused now.</response>
    /// <response code="404">The stream or the consumer does not exist.</response>
    [HttpPost("/v1/admin/stream/{stream}/consumer/{consumer}/pause", Name = "PauseConsumer")]
    [ProducesResponseType<PauseAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 413, 422, 501, 503, 504)]
    public async Task<IActionResult> Pause(string stream, string consumer, [FromBody] PauseParameters parameters)
    {
        var state = await SendAsync(new PauseConsumer(Caller, stream, consumer, parameters.Until), abandon: true);
        return Json(PauseAnswer.Of(RequestId, state), ConsumersJson.Wire.Of<PauseAnswer>());
    }

    /// <summary>Lets a paused consumer deliver again.</summary>
    /// <remarks>One that is not paused stays as it is. A body is not read. Needs nats-server 2.11.</remarks>
    /// <response code="200">It is not paused any more.</response>
    /// <response code="404">The stream or the consumer does not exist.</response>
    [HttpPost("/v1/admin/stream/{stream}/consumer/{consumer}/resume", Name = "ResumeConsumer")]
    [ProducesResponseType<PauseAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 422, 501, 503, 504)]
    public async Task<IActionResult> Resume(string stream, string consumer)
    {
        var state = await SendAsync(new ResumeConsumer(Caller, stream, consumer), abandon: true);
        return Json(PauseAnswer.Of(RequestId, state), ConsumersJson.Wire.Of<PauseAnswer>());
    }

    /// <summary>Sets a consumer to another position, back or forth.</summary>
    /// <remarks>
    /// What comes after it in the stream is delivered again, and consumer sequences begin at 1 again. Deliveries from before cannot be
    /// acknowledged any more unless they come again. Subscribers stay. Unknown fields and parameters are always refused. Needs nats-server
    /// 2.14.
    /// </remarks>
    /// <response code="200">Where it goes on from.</response>
    /// <response code="404">The stream or the consumer does not exist.</response>
    [HttpPost("/v1/admin/stream/{stream}/consumer/{consumer}/reset", Name = "ResetConsumer")]
    [RefusesUnknownNames]
    [ProducesResponseType<ResetAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 413, 422, 501, 503, 504)]
    public async Task<IActionResult> Reset(string stream, string consumer, [FromBody] ResetParameters parameters)
    {
        var sequence = await SendAsync(new ResetConsumer(Caller, stream, consumer, parameters.Seq), abandon: true);
        return Json(new ResetAnswer { RequestId = RequestId, ResetSeq = sequence }, ConsumersJson.Wire.Of<ResetAnswer>());
    }

    /// <summary>Unpins a priority group: another of its subscribers may be the one that is served.</summary>
    /// <remarks>
    /// For consumers with `priority_policy` `pinned_client`. Unknown fields and parameters are always refused. Needs nats-server 2.11.
    /// </remarks>
    /// <response code="200">The next that asks is served.</response>
    /// <response code="404">The stream or the consumer does not exist.</response>
    /// <response code="422">The consumer has no such group.</response>
    [HttpPost("/v1/admin/stream/{stream}/consumer/{consumer}/unpin", Name = "UnpinConsumer")]
    [RefusesUnknownNames]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 413, 422, 501, 503, 504)]
    public async Task<IActionResult> Unpin(string stream, string consumer, [FromBody] UnpinParameters parameters)
    {
        await SendAsync(new UnpinConsumer(Caller, stream, consumer, parameters.Group), abandon: true);
        return Done();
    }
}
