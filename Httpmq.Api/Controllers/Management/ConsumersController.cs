using Httpmq.Api.Contracts;
using Httpmq.Api.Serialization;
using Httpmq.Application.Consumers;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Controllers.Management;

internal sealed class ConsumersController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>
    /// Defines a durable consumer, or changes max_inflight, max_retry, ack_wait and notes of an existing one. Another mode,
    /// delivery group or filter is a conflict.
    /// </summary>
    [HttpPost("/v1/admin/stream/{stream}/consumer")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> Define(string stream, [FromBody] ConsumerParameters parameters)
    {
        var command = new DefineConsumer(
            stream,
            parameters.Name,
            parameters.Notes,
            parameters.FilterSubject,
            parameters.DeliveryGroup,
            parameters.Mode,
            parameters.MaxInflight,
            parameters.MaxRetry,
            parameters.AckWait);
        await Mediator.Send(command, Aborted);
        return Done();
    }

    /// <summary>All consumers of the stream, by name.</summary>
    [HttpGet("/v1/admin/stream/{stream}/consumer")]
    [ProducesResponseType<ConsumersAnswer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> List(string stream)
    {
        var consumers = await Mediator.Send(new ListConsumers(stream), Aborted);
        var answer = new ConsumersAnswer
        {
            RequestId = RequestId,
            Consumers = consumers.ToDictionary(consumer => consumer.Name, ConsumerInfoContract.From, StringComparer.Ordinal),
        };
        return Json(answer, ApiJson.Wire.ConsumersAnswer);
    }

    /// <summary>One consumer.</summary>
    [HttpGet("/v1/admin/stream/{stream}/consumer/{consumer}")]
    [ProducesResponseType<ConsumerAnswer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> Get(string stream, string consumer)
    {
        var info = await Mediator.Send(new GetConsumer(stream, consumer), Aborted);
        return Json(new ConsumerAnswer { RequestId = RequestId, Consumer = ConsumerInfoContract.From(info) }, ApiJson.Wire.ConsumerAnswer);
    }

    /// <summary>Deletes the consumer; the streams of its subscribers end.</summary>
    [HttpDelete("/v1/admin/stream/{stream}/consumer/{consumer}")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> Delete(string stream, string consumer)
    {
        await Mediator.Send(new DeleteConsumer(stream, consumer), Aborted);
        return Done();
    }
}
