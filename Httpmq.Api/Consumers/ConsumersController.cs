using Httpmq.Api.OpenApi;
using Httpmq.Api.Http;
using Httpmq.Application.Consumers;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Consumers;

[ApiGroup(ApiGroup.ManagementName)]
[OpenApiTag("Consumers", Description = "Consumers remember which messages of a stream were delivered and acknowledged.")]
internal sealed class ConsumersController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>Defines a durable consumer, or changes one.</summary>
    /// <remarks>
    /// Of a consumer that exists, max_inflight, max_retry, ack_wait and notes are changed, also while somebody is subscribed.
    /// Another mode, delivery group or filter is a conflict.
    /// </remarks>
    /// <response code="200">The consumer exists as described.</response>
    /// <response code="404">The stream does not exist.</response>
    /// <response code="409">
    /// The consumer exists with another mode, delivery group or filter, or the stream has as many consumers as it may.
    /// </response>
    [HttpPost("/v1/admin/stream/{stream}/consumer", Name = "DefineConsumer")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 409, 413, 501, 503, 504, 507)]
    public async Task<IActionResult> Define(string stream, [FromBody] ConsumerParameters parameters)
    {
        await SendAsync(new DefineConsumer(Caller, stream, parameters.Mode, parameters), abandon: true);
        return Done();
    }

    /// <summary>Lists all consumers of a stream.</summary>
    /// <response code="200">The consumers.</response>
    /// <response code="404">The stream does not exist.</response>
    [HttpGet("/v1/admin/stream/{stream}/consumer", Name = "ListConsumers")]
    [ProducesResponseType<ConsumersAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> List(string stream)
    {
        var consumers = await SendAsync(new ListConsumers(Caller, stream));
        var answer = new ConsumersAnswer
        {
            RequestId = RequestId,
            Consumers = consumers.ToDictionary(consumer => consumer.Name, StringComparer.Ordinal),
        };
        return Json(answer, ConsumersJson.Wire.Of<ConsumersAnswer>());
    }

    /// <summary>Describes one consumer.</summary>
    /// <response code="200">The consumer.</response>
    [HttpGet("/v1/admin/stream/{stream}/consumer/{consumer}", Name = "GetConsumer")]
    [ProducesResponseType<ConsumerAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> Get(string stream, string consumer)
    {
        var info = await SendAsync(new GetConsumer(Caller, stream, consumer));
        return Json(new ConsumerAnswer { RequestId = RequestId, Consumer = info }, ConsumersJson.Wire.Of<ConsumerAnswer>());
    }

    /// <summary>Deletes a consumer.</summary>
    /// <remarks>Its subscribers get a last line that says so.</remarks>
    /// <response code="200">The consumer is gone.</response>
    [HttpDelete("/v1/admin/stream/{stream}/consumer/{consumer}", Name = "DeleteConsumer")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> Delete(string stream, string consumer)
    {
        await SendAsync(new DeleteConsumer(Caller, stream, consumer));
        return Done();
    }
}
